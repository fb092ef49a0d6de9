"""The fused sum over in-batch scores: values, gradients, blocks."""

from __future__ import annotations

from functools import partial

import pytest
import torch
from torch import Tensor

from ltgnn.losses.in_batch import product_logsumexp


def plain(rows: Tensor, columns: Tensor, shift: Tensor | None, names: Tensor | None) -> Tensor:
    scores = rows @ columns.T
    if shift is not None:
        scores = scores - shift
    if names is not None:
        scores = scores.masked_fill(names[:, None] == names, -torch.inf)
    return torch.logsumexp(scores, 1)


@pytest.mark.parametrize("shifted", [False, True])
@pytest.mark.parametrize("named", [False, True])
@pytest.mark.parametrize("block", [7, 2**18])
def test_equals_the_formula(shifted: bool, named: bool, block: int) -> None:
    generator = torch.Generator().manual_seed(0)
    draw = partial(torch.randn, generator=generator, dtype=torch.float64)
    rows, columns, shift = draw(9, 4), draw(9, 4), draw(9)
    names = torch.tensor([0, 1, 2, 0, 3, 4, 4, 5, 6])
    sides = shift if shifted else None, names if named else None
    rows.requires_grad_(), columns.requires_grad_()
    torch.testing.assert_close(product_logsumexp(rows, columns, *sides, block), plain(rows, columns, *sides))
    assert torch.autograd.gradcheck(lambda a, b: product_logsumexp(a, b, *sides, block), (rows, columns))


def test_large_scores_and_rows_without_a_column() -> None:
    rows = torch.tensor([[500.0], [-500.0]], requires_grad=True)
    assert product_logsumexp(rows, torch.ones(2, 1)).tolist() == pytest.approx([500.693147, -499.306853])
    alone = product_logsumexp(rows, torch.ones(2, 1), names=torch.zeros(2, dtype=torch.int64))
    assert alone.tolist() == [-torch.inf, -torch.inf]
