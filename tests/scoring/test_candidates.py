"""What a blend is fitted on: the items that the members would list for the users of a part, and which were held out."""

from __future__ import annotations

import pytest
import torch

from ltgnn.scoring.candidates import Pool
from ltgnn.scoring.ensemble_weights import Logit
from tests.scoring.ensemble_case import naive_loss


def test_logit_finds_the_optimum_that_a_grid_finds() -> None:
    """One member, one cell: the weight by brute force."""
    generator = torch.Generator().manual_seed(2)
    normalised_scores = torch.randn(40, 6, 1, generator=generator)
    hits = torch.zeros(40, 6, dtype=torch.bool)
    chances = (1.7 * normalised_scores[:, :, 0]).softmax(1)
    hits[torch.arange(40), torch.multinomial(chances, 1, generator=generator)[:, 0]] = True
    zeros = torch.zeros(40, dtype=torch.int64)
    items, one = torch.arange(6).repeat(40, 1), zeros[:, None].expand(-1, 6)
    pool = Pool(items, normalised_scores, hits, zeros[:, None] + 1, zeros, one, (1, 1))
    weights, _ = Logit(1e3, 200)(pool)
    grid = torch.linspace(0, 4, 401)
    losses = [naive_loss(pool, torch.full((1, 1, 1), float(w)), torch.zeros(1, 1)) for w in grid]
    assert float(weights) == pytest.approx(float(grid[losses.index(min(losses))]), abs=0.006)
