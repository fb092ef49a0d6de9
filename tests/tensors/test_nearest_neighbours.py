"""Nearest neighbours in blocks against the whole matrix of cosines."""

from __future__ import annotations

import pytest
import torch

from ltgnn.tensors.nearest_neighbours import nearest


@pytest.mark.parametrize("block", [3, 1024])
def test_equal_to_the_whole_matrix(block: int) -> None:
    rows = torch.randn(11, 4, generator=torch.Generator().manual_seed(0))
    cosines = torch.cosine_similarity(rows[:, None], rows[None], dim=2).fill_diagonal_(-torch.inf)
    values, columns = nearest(rows, 3, block)
    wanted = cosines.topk(3)
    torch.testing.assert_close(values, wanted.values)
    assert torch.equal(columns, wanted.indices)


def test_no_more_than_there_are_others() -> None:
    assert nearest(torch.eye(3), 10)[1].shape == (3, 2)
