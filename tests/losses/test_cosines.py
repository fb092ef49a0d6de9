"""The matrix of cosines has the same negatives as the blocks."""

from __future__ import annotations

from functools import partial

import pytest
import torch

from ltgnn.losses.cosines import cosines, log_sum_negatives
from ltgnn.types import Batch, Encoded


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
