"""Export: round trips keep the fingerprint; others' forms by hand; nothing half-written."""

import csv
import json

import numpy as np
import polars as pl
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ltgnn.data.catalog import load
from ltgnn.data.cleaning import Cleaning
from ltgnn.data.export import PANDAS_MISSING, parts_of, write_lightgcn, write_lists, write_processed, write_recbole
from ltgnn.data.splits import Official
from ltgnn.types import Dataset, Interactions, Split, UserError
from tests.data.readers import reader
from tests.data.recbole_export_case import TITLES, recbole_data

KEEP = Cleaning(None, None, None, 1, 1, True, True)


def made(seed=0, users=9, items=7, timed=True, weighted=True, val=True):
    """A split with unseen users and items, awkward texts, and numbers."""
    generator = torch.Generator().manual_seed(seed)
    pairs = (torch.rand(users - 1, items - 1, generator=generator) < 0.6).nonzero()
    pairs = pairs[torch.randperm(len(pairs), generator=generator)]
    times = torch.rand(len(pairs), generator=generator, dtype=torch.float64) * 1e9 if timed else None
    weights = torch.rand(len(pairs), generator=generator) + 0.1 if weighted else None
    whole = Interactions(pairs[:, 0].contiguous(), pairs[:, 1].contiguous(), users, items, times, weights)
    part = torch.randint(0, 3 if val else 2, (len(pairs),), generator=generator)
    part[:3] = torch.arange(3 if val else 2).repeat(2)[:3]
    names = ("train", "test", "val")
    parts = {name: whole.select((part == number).nonzero()[:, 0]) for number, name in enumerate(names)}
    dataset = Dataset(
        "toy",
        parts,
        [f"{n:03}" if n % 2 else f"user {n}" for n in range(users)],
        [f"i{n}" for n in reversed(range(items))],
        {"title": [['12" record', "", "plain", "nan", "ünïcode"][n % 5] for n in range(items)]},
        {"price": torch.tensor([n if n % 3 else float("nan") for n in range(items)], dtype=torch.float32)},
        {"image": torch.rand(items, 4, generator=generator)},
        {"city": [f"city {n}" for n in range(users)]},
    )
    return dataset, Split(parts["train"], parts["val"], parts["test"], "made")


def back(folder, data, **changes):
    return load(lambda: folder, reader(data, **changes), KEEP)


RECBOLE = {
    "items": "toy.item",
    "users": "toy.user",
    "item_fields": {"title": "title"},
    "item_numbers": {"price": "price"},
    "user_fields": {"city": "city"},
}


def from_recbole(folder, split):
    files = {"train": "toy.part1.inter", "val": "toy.part2.inter", "test": "toy.part3.inter"}
    columns = {"time": "timestamp" if split.train.times is not None else None}
    columns["weight"] = "weight" if split.train.weights is not None else None
    present = {part: files[part] for part in parts_of(split)}
    return back(folder, "recbole", interactions=present, **RECBOLE, **columns)


def same(one, two, split):
    again = Official(0.0, 0)(two)
    assert again.fingerprint == split.fingerprint
    assert list(two.user_ids) == list(one.user_ids)
    assert list(two.item_ids) == list(one.item_ids)
    assert dict(two.item_fields) == dict(one.item_fields)
    assert dict(two.user_fields) == dict(one.user_fields)
    torch.testing.assert_close(two.item_numbers["price"], one.item_numbers["price"], equal_nan=True)
    for before, after in ((split.train, again.train), (split.val, again.val), (split.test, again.test)):
        assert before.keys.tolist() == after.keys.tolist()
        for column in ("times", "weights"):
            if len(before) and getattr(before, column) is not None:
                torch.testing.assert_close(getattr(after, column), getattr(before, column))


@given(st.integers(0, 99), st.booleans(), st.booleans(), st.booleans())
@settings(max_examples=15, deadline=None)
def test_round_trips(tmp_path_factory, seed, timed, weighted, val):
    dataset, split = made(seed, timed=timed, weighted=weighted, val=val)
    for writer, read in ((write_recbole, from_recbole), (write_processed, lambda folder, _: back(folder, "processed"))):
        folder = tmp_path_factory.mktemp("out") / "set"
        writer(folder, dataset, parts_of(split), {"fingerprint": split.fingerprint})
        same(dataset, read(folder, split), split)
        assert json.loads((folder / "data_card.json").read_text())["fingerprint"] == split.fingerprint


def test_processed_keeps_vectors(tmp_path):
    dataset, split = made()
    write_processed(tmp_path / "set", dataset, parts_of(split), {})
    torch.testing.assert_close(back(tmp_path / "set", "processed").item_vectors["image"], dataset.item_vectors["image"])


def test_recbole_by_hand(tmp_path):
    pairs = Interactions(torch.tensor([1, 0]), torch.tensor([0, 1]), 2, 2, torch.tensor([5.0, 6.5]).double())
    dataset = Dataset("toy", {"all": pairs}, ["007", "b"], ["x", "y"], {"title": ["tab\there", "line\nend "]})
    write_recbole(tmp_path / "out", dataset, {"all": pairs}, {})
    inter = (tmp_path / "out/toy.inter").read_text()
    assert inter == "user_id:token\titem_id:token\ttimestamp:float\nb\tx\t5.0\n007\ty\t6.5\n"
    assert (tmp_path / "out/toy.item").read_text() == "item_id:token\ttitle:token_seq\nx\ttab here\ny\tline end\n"
    assert (tmp_path / "out/toy.user").read_text() == "user_id:token\n007\nb\n"


def test_lightgcn(tmp_path):
    dataset, split = made(timed=False, weighted=False)
    write_lightgcn(tmp_path / "out", dataset, parts_of(split), {})
    again = back(tmp_path / "out", "lightgcn_text", valid="valid.txt")
    for part, pairs in parts_of(split).items():
        assert set(pairs.keys.tolist()) == {
            u * split.train.num_items + i
            for u, i in zip(again.parts[part].users.tolist(), again.parts[part].items.tolist(), strict=True)
        }
    lists = (tmp_path / "out/item_list.tsv").read_text().splitlines()
    assert lists[:2] == ["org_id\tremap_id", "i6\t0"]


def test_lists(tmp_path):
    dataset, _ = made()
    lists = pl.DataFrame({"user": [1, 4], "items": [[2, 0], [6, -1]], "scores": [[0.5, 0.25], [1.0, -np.inf]]})
    write_lists(tmp_path / "deep/lists.csv", dataset, lists)
    assert (tmp_path / "deep/lists.csv").read_text() == ("user,item,score\n001,i4,0.5\n001,i6,0.25\nuser 4,i0,1.0\n")


def test_a_folder_appears_whole_or_not_at_all(tmp_path, monkeypatch):
    dataset, split = made()
    monkeypatch.setattr(json, "dumps", lambda *_, **__: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        write_processed(tmp_path / "set", dataset, parts_of(split), {})
    assert list(tmp_path.iterdir()) == []


def test_a_folder_with_files_is_left_alone(tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    dataset, split = made()
    with pytest.raises(UserError, match="exists and is not empty"):
        write_processed(tmp_path, dataset, parts_of(split), {})
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def as_pandas(file):
    """Rows as ``pandas.read_csv(file, delimiter="\\t", dtype=str)`` gives them: no blank lines, "" for missing."""
    with open(file, newline=None, encoding="utf-8") as stream:
        head, *rows = (row for row in csv.reader(stream, delimiter="\t") if row)
    assert all(len(row) == len(head) for row in rows)
    return rows


def test_rows_and_titles(tmp_path):
    data = recbole_data()
    write_recbole(tmp_path / "out", data, dict(data.parts), {})
    plain = [" ".join(title.replace("\t", " ").split()) for title in TITLES]
    assert as_pandas(tmp_path / "out/toy.item") == [[id, title] for id, title in zip(data.item_ids, plain, strict=True)]
    assert as_pandas(tmp_path / "out/toy.user") == [["u", '"Bonn"']]
    assert as_pandas(tmp_path / "out/toy.inter") == [["u", id] for id in data.item_ids]


@pytest.mark.parametrize("id", [*sorted(PANDAS_MISSING), "a\tb", "a\nb", " "])
def test_ids_that_pandas_loses_are_refused(tmp_path, id):
    data = recbole_data(["x", id])
    with pytest.raises(UserError, match="RecBole cannot read the item id"):
        write_recbole(tmp_path / "out", data, dict(data.parts), {})
    assert not (tmp_path / "out").exists()


def test_fields_that_recbole_cannot_split_are_refused(tmp_path):
    data = recbole_data(field="title:en")
    with pytest.raises(UserError, match="a field called 'title:en'"):
        write_recbole(tmp_path / "out", data, dict(data.parts), {})
