"""Gathered rows against slices, tables of pairs against sets."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ltgnn.tensors.csr import csr_rows, entries_of, union_by_user
from tests.conftest import random_interactions


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 4), min_size=1, max_size=6), st.data())
def test_rows_are_those_of_slices(lengths: list[int], data: st.DataObject) -> None:
    dtype = data.draw(st.sampled_from([torch.int32, torch.int64]))
    offsets = torch.tensor([0, *lengths], dtype=dtype).cumsum(0, dtype=dtype)
    entries = torch.arange(int(offsets[-1]), dtype=torch.int64) * 10
    chosen = data.draw(st.lists(st.integers(0, len(lengths) - 1), max_size=8))
    rows, found = csr_rows((offsets, entries), torch.tensor(chosen, dtype=torch.int64))
    slices = [entries[int(offsets[row]) : int(offsets[row + 1])].tolist() for row in chosen]
    assert found.tolist() == [entry for part in slices for entry in part]
    assert rows.tolist() == [place for place, part in enumerate(slices) for _ in part]
    ends, places = entries_of(offsets, torch.tensor(chosen, dtype=torch.int64))
    assert (ends.dtype, places.dtype) == (dtype, dtype)
    assert ends.diff().tolist() == [len(part) for part in slices]


@pytest.mark.parametrize("number", [0, 1, 2, 3])
def test_a_union_has_each_pair_once(number: int) -> None:
    parts = [random_interactions(7, 9, 0.3, seed) for seed in range(number)]
    offsets, items = union_by_user(parts, 7, 9)
    for user in range(7):
        mine = {int(i) for part in parts for u, i in zip(part.users, part.items, strict=True) if u == user}
        assert items[offsets[user] : offsets[user + 1]].tolist() == sorted(mine)
    if number == 1:
        assert items.data_ptr() == parts[0].by_user[1].data_ptr(), "the table is there once"
