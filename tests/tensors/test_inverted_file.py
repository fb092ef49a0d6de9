"""Approximate nearest neighbours among many vectors: an inverted file of cells."""

from __future__ import annotations

import pytest
import torch
from torch.nn.functional import normalize

from ltgnn.tensors import nearest_neighbours
from ltgnn.tensors.inverted_file import nearest_in_cells
from ltgnn.tensors.nearest_neighbours import nearest


def communities(number: int, size: int, dim: int = 16) -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    centres = torch.randn(number, dim, generator=generator)
    rows = centres.repeat_interleave(size, 0) + 0.7 * torch.randn(number * size, dim, generator=generator)
    return normalize(rows[torch.randperm(len(rows), generator=generator)], dim=1)


def test_all_cells_are_exact() -> None:
    unit = communities(10, 30)
    values, columns = nearest_in_cells(unit, 7, cells=12, probes=12)
    wanted = nearest(unit, 7)
    torch.testing.assert_close(values, wanted[0])
    assert torch.equal(columns, wanted[1])


def test_a_few_cells_hold_nearly_all_neighbours() -> None:
    unit = communities(40, 50)
    columns, wanted = nearest_in_cells(unit, 10, cells=44, probes=6)[1], nearest(unit, 10)[1]
    recall = (columns[:, :, None] == wanted[:, None]).any(2).float().mean()
    assert 0.9 < recall < 1
    assert not bool((columns == torch.arange(len(unit))[:, None]).any())


@pytest.mark.parametrize("k", [5, 29])
def test_small_cells_are_filled_from_others(k: int) -> None:
    columns = nearest_in_cells(communities(3, 10), k, cells=15, probes=1)[1]
    assert columns.sort(1).values.diff(dim=1).gt(0).all()
    assert columns.shape == (30, k)


def test_numbers_do_not_depend_on_the_number_of_threads() -> None:
    unit, threads = communities(20, 40), torch.get_num_threads()
    wanted = nearest_in_cells(unit, 8, cells=20, probes=3)
    try:
        torch.set_num_threads(3)
        found = nearest_in_cells(unit, 8, cells=20, probes=3)
    finally:
        torch.set_num_threads(threads)
    assert torch.equal(found[0], wanted[0])
    assert torch.equal(found[1], wanted[1])


def test_many_rows_take_this_way(monkeypatch: pytest.MonkeyPatch) -> None:
    unit = communities(10, 30)
    wanted = nearest(unit, 3)
    monkeypatch.setattr(nearest_neighbours, "EXACT", 100)
    assert torch.equal(nearest(unit, 3)[1], wanted[1])  # 17 cells, all of which are probed
