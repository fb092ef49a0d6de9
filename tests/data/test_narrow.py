"""In a data set as it was read ids are 4 bytes wide, in one memory, and 8 in a split; digests are over 8-byte keys."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import torch
from hypothesis import given as drawn
from hypothesis import strategies as st

from ltgnn.data.catalog import _parts, load
from ltgnn.data.cleaning import Cleaning
from ltgnn.data.export import write_processed
from ltgnn.data.names import Names
from ltgnn.data.raw import Raw
from ltgnn.data.splits import ColdItems, Folds, GlobalTime, LeaveOneOut, NewItems, Official, RandomSplit, UserTime
from ltgnn.types import Dataset, Interactions, Split
from tests.conftest import interactions
from tests.data.readers import reader

USERS, ITEMS = 60_000, 40_000  # their product passes 2^31
WHOLE = Cleaning(None, None, None, 2, 2, False, False)
SPLITS = [
    RandomSplit(0.34, 0.34, 0), LeaveOneOut(), UserTime(0.34, 0.34), GlobalTime(0.1, 0.1), ColdItems(0.1, 0.1, 0),
    NewItems(0.1, 0.1), Folds(4, 1, 0),
]  # fmt: skip


def narrow(part: Interactions) -> bool:
    return part.users.dtype == part.items.dtype == torch.int32


def narrowed(table: Interactions) -> Interactions:
    """As a file is read."""
    return replace(table, users=table.users.int(), items=table.items.int())


def wide(part: Interactions) -> bool:
    return part.users.dtype == part.items.dtype == torch.int64


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    """Each user has three items; one further user and repeated rows are cleaned away."""
    folder = tmp_path_factory.mktemp("wide")
    users = np.tile(np.arange(USERS), 3)
    items = (users * 7 + np.repeat([0, 1, 2], USERS) * 13) % ITEMS
    frame = pl.DataFrame({"user_id": [*users, 5, USERS], "item_id": [*items, items[5], 0]})
    frame.with_columns(t=pl.int_range(pl.len())).write_parquet(folder / "x.parquet")
    return load(lambda: folder, reader("table", interactions={"all": "x.parquet"}, time="t"), WHOLE)


def test_read_and_cleaned(data: Dataset) -> None:
    part = data.parts["all"]
    assert narrow(part)
    assert (len(part), part.num_users, part.num_items) == (3 * USERS, USERS, ITEMS)
    assert isinstance(data.user_ids, Names)
    assert isinstance(data.item_ids, Names)
    assert data.user_ids == [str(n) for n in range(USERS)]


def test_the_digest_is_over_whole_keys(data: Dataset) -> None:
    pairs = zip(data.parts["all"].users.tolist(), data.parts["all"].items.tolist(), strict=True)
    times = data.parts["all"].times.tolist()
    keyed = sorted((user * ITEMS + item, time) for (user, item), time in zip(pairs, times, strict=True))
    keys = [key for key, _ in keyed]
    assert keys[-1] > 2**31
    texts = b"".join("\0".join(str(n) for n in range(size)).encode() + b"\1" for size in (USERS, ITEMS))
    wanted = hashlib.sha256(texts + b"all" + np.array(keys, dtype=np.int64).tobytes())
    wanted.update(b"times" + hashlib.sha256(np.array([time for _, time in keyed]).tobytes()).digest())
    assert data.card["sha256"] == wanted.hexdigest()


@pytest.mark.parametrize("protocol", SPLITS, ids=lambda split: type(split).__name__)
def test_every_split(data: Dataset, protocol: RandomSplit, tmp_path: Path) -> None:
    """Wide parts that hold the pairs; written in parts and read again they are the same."""
    split = protocol(data)
    parts = {"train": split.train, "val": split.val, "test": split.test}
    assert all(wide(part) for part in parts.values())
    keys = torch.cat([part.keys for part in parts.values()])
    assert torch.equal(keys.sort().values, data.parts["all"].keys.sort().values)
    if isinstance(protocol, LeaveOneOut):
        write_processed(tmp_path / "out", data, parts, {})
        again = load(lambda: tmp_path / "out", reader("processed"), Cleaning(None, None, None, 1, 1, True, True))
        assert all(narrow(part) for part in again.parts.values())
        assert Official(0.0, 0)(again).fingerprint == split.fingerprint
        assert wide(Official(0.1, 0)(again).train)


def test_columns_become_tensors_where_they_are() -> None:
    codes = [np.array(column, dtype=np.int32) for column in ([0, 1, 2], [1, 0, 1])]
    names = pl.Series(["a", "b", "c"])
    part = _parts(Raw(*codes, names, names, times=np.zeros(3)))["all"]
    assert [part.users.data_ptr(), part.items.data_ptr()] == [column.ctypes.data for column in codes]


LARGE = (100_000, 50_000)  # users and items: products of ids pass 2^31 and 2^32
PAIRS = [(99_999, 3), (99_999, 49_999), (99_000, 49_999), (7, 49_000), (99_000, 49_000), (7, 3)]

near_the_end = st.tuples(
    st.one_of(st.integers(0, 3), st.integers(LARGE[0] - 5, LARGE[0] - 1)),
    st.one_of(st.integers(0, 3), st.integers(LARGE[1] - 5, LARGE[1] - 1)),
)


@drawn(st.lists(near_the_end, min_size=1, max_size=40, unique=True))
def test_keys_and_rows_are_those_of_whole_numbers(pairs: list[tuple[int, int]]) -> None:
    table = narrowed(interactions(pairs, *LARGE))
    assert table.users.dtype == table.items.dtype == torch.int32
    assert (table.keys.dtype, table.keys.tolist()) == (torch.int64, [user * LARGE[1] + item for user, item in pairs])
    offsets, items = table.by_user
    assert offsets.dtype == items.dtype == torch.int64
    for user in {user for user, _ in pairs}:
        mine = items[offsets[user] : offsets[user + 1]].tolist()
        assert mine == sorted(item for other, item in pairs if other == user)


def test_a_split_is_wide_and_not_copied_where_it_was() -> None:
    given = interactions(PAIRS, *LARGE)
    split = Split(narrowed(given), given, given, "by hand")
    assert wide(split.train)
    assert torch.equal(split.train.keys, given.keys)
    assert split.val is given


def test_keys_leave_the_ids_alone() -> None:
    table = interactions(PAIRS, *LARGE)
    assert table.keys.tolist() == [user * LARGE[1] + item for user, item in PAIRS]
    assert list(zip(table.users.tolist(), table.items.tolist(), strict=True)) == PAIRS
