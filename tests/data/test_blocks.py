"""Columns worked on block by block, against the same thing done at once; blocks of a few rows."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from ltgnn.data.blocks import BLOCK, GrowingArray, by_code, counts, relabel, shrink
from ltgnn.data.catalog import load
from ltgnn.data.cleaning import Cleaning
from ltgnn.data.parquet import PIECE
from ltgnn.types import Dataset
from tests.data.blocks_case import DRAW, codes
from tests.data.readers import reader


def test_growing_holds_what_was_added() -> None:
    pieces = [codes(size) for size in (3, 0, 50, 1)]
    column = GrowingArray(np.float64)
    for piece in pieces:
        column.extend(piece)
    grown = column.done()
    assert grown.dtype == np.float64
    assert grown.tolist() == np.concatenate(pieces).tolist()


def test_counts_and_lookups() -> None:
    column, kept = codes(), DRAW.random(100) < 0.5
    assert counts(column, 15, block=7).tolist() == np.bincount(column, minlength=15).tolist()
    assert counts(column, 15, kept, block=7).tolist() == np.bincount(column[kept], minlength=15).tolist()
    lookup = DRAW.permutation(12).astype(np.int32)
    wanted = lookup[column].tolist()
    relabel(column, lookup, block=7)
    assert column.tolist() == wanted


def test_rows_by_code_are_all_rows_and_ascend() -> None:
    column = codes()
    column[column == 5] = 6  # a code without a row
    groups = list(by_code(column, 20, block=7))
    assert len(groups) > 3
    assert sorted(np.concatenate(groups).tolist()) == list(range(100))
    assert all((np.diff(group) > 0).all() for group in groups)
    assert all(column[one].max() < column[two].min() for one, two in pairwise(groups))
    assert list(by_code(codes(0), 0)) == []


@pytest.mark.parametrize("alone", [True, False])
def test_shrink_with_and_without_other_holders(alone: bool) -> None:
    """Where someone else looks at the memory it must not move under him; in place it is the same array."""
    column, kept = codes(), DRAW.random(100) < 0.5
    wanted = column[kept].tolist()
    columns = {"users": column}
    watcher = None if alone else column[:5]
    del column
    shrink(columns, "users", kept, block=7)
    assert columns["users"].flags.owndata == alone
    assert columns["users"].tolist() == wanted
    assert watcher is None or len(watcher) == 5


FORMS = {"csv": pl.DataFrame.write_csv, "jsonl": pl.DataFrame.write_ndjson, "parquet": pl.DataFrame.write_parquet}


def read(folder: Path, file: str) -> Dataset:
    table = reader("table", interactions={"all": file}, time="t", rating="r", drop_incomplete=True)
    return load(lambda: folder, table, Cleaning(None, None, 2.0, 2, 2, False, False))


@pytest.mark.parametrize("ids", ["texts", "numbers", "large numbers"])
def test_any_format_gives_the_same(ids: str, tmp_path: Path) -> None:
    """Pairs that repeat, rows without an id, ratings that are too low; more rows than a block and than a piece have."""
    size = BLOCK + 1000
    assert size > PIECE
    users, items = codes(size, 9000).tolist(), codes(size, 6000).tolist()
    form = {"texts": "u{:03}".format, "numbers": int, "large numbers": lambda n: 10**15 + n}[ids]
    frame = pl.DataFrame(
        {
            "user_id": [None if row % 50 == 7 else form(user) for row, user in enumerate(users)],
            "item_id": [form(item) for item in items],
            "t": DRAW.integers(0, 50, size),
            "r": DRAW.integers(1, 6, size),
        }
    )
    for ending, write in FORMS.items():
        write(frame, tmp_path / f"x.{ending}")
    found = {ending: read(tmp_path, f"x.{ending}") for ending in FORMS}
    pairs: dict[tuple[int, int], int] = {}  # by a plain loop: the first of each pair by time
    ratings, times = frame["r"].to_list(), frame["t"].to_list()
    for row, (user, item) in enumerate(zip(users, items, strict=True)):
        if row % 50 != 7 and ratings[row] >= 2:
            before = pairs.get((user, item), row)
            pairs[user, item] = min(before, row, key=lambda row: (times[row], row))
    pairs = dict(sorted(pairs.items(), key=lambda entry: entry[1]))
    while True:
        by_user, by_item = (Counter(pair[side] for pair in pairs) for side in (0, 1))
        left = {p: row for p, row in pairs.items() if by_user[p[0]] > 1 and by_item[p[1]] > 1}
        if len(left) == len(pairs):
            break
        pairs = left
    for data in found.values():
        part = data.parts["all"]
        user_ids, item_ids = list(data.user_ids), list(data.item_ids)
        assert [(user_ids[u], item_ids[i]) for u, i in zip(part.users.tolist(), part.items.tolist(), strict=True)] == [
            (str(form(user)), str(form(item))) for user, item in pairs
        ]
        assert part.times is not None
        assert part.times.tolist() == [times[row] for row in pairs.values()]
        assert data.card["sha256"] == found["csv"].card["sha256"]
        assert data.card["cleaning"] == found["csv"].card["cleaning"]
        assert data.card["source"]["interactions"][0]["rows without a required value, dropped"] == sum(
            row % 50 == 7 for row in range(size)
        )
