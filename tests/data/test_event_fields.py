"""Fields of events: read, cleaned, written and read again, counted on the card."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
import torch

from ltgnn.data.catalog import load
from ltgnn.data.cleaning import Cleaning
from ltgnn.data.event_fields import MIXED, CodedColumn
from ltgnn.data.export import write_processed, write_recbole
from ltgnn.data.sources.processed import Processed
from ltgnn.data.splits import LeaveOneOut
from ltgnn.data.splitting import all_interactions
from ltgnn.types import Dataset, EventField, Interactions, UserError
from tests.data.readers import reader

ROWS = [
    ("u1", "i1", 5, "web"),
    ("u1", "i2", 6, "store"),
    ("u1", "i1", 1, "store"),  # the first of a pair of two channels
    ("u1", "i3", 9, ""),
    ("u2", "i1", 2, " app "),
    ("u2", "i2", 3, "web"),
    ("u2", "i2", 4, "web"),  # a pair of one channel, twice
    ("u3", "i9", 1, "kiosk"),  # left out by the core
]
KEPT = {("u1", "i1"): "store", ("u1", "i2"): "store", ("u1", "i3"): "unknown", ("u2", "i1"): "app", ("u2", "i2"): "web"}


def write(folder: Path, kind: str) -> str:
    frame = pl.DataFrame(ROWS, schema=["user_id", "item_id", "t", "where"], orient="row")
    if kind == "csv":
        frame.write_csv(folder / "events.csv")
    else:
        frame.with_columns(pl.col("where").replace("", None)).write_parquet(folder / "events.parquet")
    return f"events.{kind}"


def read(folder: Path, kind: str = "csv", repeats: str | None = None, **keys: object) -> Dataset:
    file = write(folder, kind)
    fields = {"event_fields": {"channel": "where"}} | keys
    made = reader("table", interactions={"all": file}, time="t", **fields)
    return load(lambda: folder, made, Cleaning(None, None, None, 2, 1, False, False, repeats=repeats))


def values(dataset: Dataset, pairs: Interactions, name: str = "channel") -> dict[tuple[str, str], str]:
    """Raw ids of each pair -> value of its event."""
    column = pairs.fields[name]
    rows = zip(pairs.users.tolist(), pairs.items.tolist(), column.codes.tolist(), strict=True)
    return {(dataset.user_ids[u], dataset.item_ids[i]): column.values[code] for u, i, code in rows}


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_each_pair_has_the_value_of_the_row_that_stays(tmp_path: Path, kind: str) -> None:
    data = read(tmp_path, kind)
    assert values(data, data.parts["all"]) == KEPT
    assert data.parts["all"].fields["channel"].values == ("app", "store", "unknown", "web"), "kiosk is gone"
    assert data.card["event fields"]["channel"] == {
        "values": 4, "pairs": {"store": 2, "app": 1, "unknown": 1, "web": 1}, MIXED: 1,
    }  # fmt: skip


@pytest.mark.parametrize(("repeats", "kept"), [("first", "store"), ("sum", "store"), ("last", "web")])
def test_of_a_pair_in_two_channels_the_row_counts_that_the_rule_keeps(tmp_path: Path, repeats: str, kept: str) -> None:
    data = read(tmp_path, repeats=repeats)
    assert values(data, data.parts["all"]) == KEPT | {("u1", "i1"): kept}


def test_without_fields_nothing_changes(tmp_path: Path) -> None:
    data = read(tmp_path, event_fields={})
    assert data.parts["all"].fields == {}
    assert "event fields" not in data.card
    assert read(tmp_path).card["sha256"] != data.card["sha256"]


def test_the_sha256_knows_the_values_and_not_the_order_of_the_rows(tmp_path: Path) -> None:
    first = read(tmp_path).card["sha256"]
    ROWS.reverse()
    try:
        assert read(tmp_path).card["sha256"] == first
    finally:
        ROWS.reverse()
    assert read(tmp_path, repeats="last").card["sha256"] != first


def test_splits_and_folders_carry_them(tmp_path: Path) -> None:
    data = read(tmp_path)
    split = LeaveOneOut()(data)
    assert values(data, split.test) == {("u1", "i3"): "unknown"}
    assert values(data, split.train) | values(data, split.val) | values(data, split.test) == KEPT
    folder = tmp_path / "written"
    write_processed(folder, data, {"train": split.train, "val": split.val, "test": split.test}, data.card)
    again = load(lambda: folder, Processed(), Cleaning(None, None, None, 1, 1, True, True))
    assert values(again, again.parts["test"]) == values(data, split.test)
    assert values(again, all_interactions(again)) == KEPT
    whole = tmp_path / "whole"
    write_processed(whole, data, data.parts, data.card)
    same = load(lambda: whole, Processed(), Cleaning(None, None, None, 1, 1, True, True))
    assert same.card["sha256"] == data.card["sha256"]
    write_recbole(tmp_path / "recbole", data, data.parts, data.card)
    lines = (tmp_path / "recbole/data.inter").read_text().splitlines()
    assert lines[0] == "user_id:token\titem_id:token\ttimestamp:float\tchannel:token"


def test_a_column_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no column 'shop'; it has: 'user_id', 'item_id', 't', 'where'"):
        read(tmp_path, event_fields={"channel": "shop"})
    with pytest.raises(
        UserError, match=r"x: field=store: no such field of events; there are: channel. .*--event-field"
    ):
        read(tmp_path).parts["all"].field_of("store", "x: field")


def test_a_column_in_pieces_is_that_in_one() -> None:
    column = CodedColumn()
    for piece in (["b", None], ["10", "a", "b"], []):
        column.extend(pl.Series(piece, dtype=pl.String))
    texts = column.values()
    codes = column.done()
    assert [texts[code] for code in codes] == ["b", "unknown", "10", "a", "b"]
    assert texts == ("10", "a", "b", "unknown")


def test_selected_pairs_keep_their_values() -> None:
    field = EventField(torch.tensor([0, 1, 1], dtype=torch.int32), ("a", "b"))
    pairs = Interactions(torch.tensor([0, 0, 1]), torch.tensor([0, 1, 1]), 2, 2, fields={"channel": field})
    assert field.counts == {"a": 1, "b": 2}
    assert pairs.select(torch.tensor([2, 0])).fields["channel"].codes.tolist() == [1, 0]
    assert pairs.wide().fields is pairs.fields
