"""The fused sum over in-batch scores: values, gradients, blocks."""

from __future__ import annotations

from functools import partial

import pytest
import torch
from torch import Tensor

from ltgnn.losses.cosines import cosines, log_sum_negatives
from ltgnn.losses.in_batch import product_logsumexp
from ltgnn.types import Batch, Encoded


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


@pytest.mark.parametrize("sampled", [0, 3])
@pytest.mark.parametrize("mask_own", [False, True])
def test_same_negatives_as_the_matrix_of_cosines(sampled: int, mask_own: bool) -> None:
    generator = torch.Generator().manual_seed(1)
    draw = partial(torch.randn, generator=generator, dtype=torch.float64)
    main = Encoded(draw(5, 4), draw(6, 4), [], None)
    users, pos = torch.tensor([0, 1, 2, 0]), torch.tensor([1, 1, 3, 5])
    batch = Batch(users, pos, torch.randint(6, (4, sampled), generator=generator))
    pos_matrix, neg_matrix = cosines(main, batch, True, mask_own, "x")
    pos_score, sums = log_sum_negatives(main, batch, 0.3, True, mask_own, "x")
    torch.testing.assert_close(pos_score, pos_matrix / 0.3)
    torch.testing.assert_close(sums, torch.logsumexp(neg_matrix / 0.3, 1))
