"""How the weights of a blend are found on the validation part."""

from __future__ import annotations

from itertools import product
from math import log2

import pytest
import torch
from torch import Tensor

from ltgnn.scoring.candidates import Pool
from ltgnn.scoring.ensemble_weights import Ascent, Logit
from tests.scoring.ensemble_case import naive_loss, pooled


def naive_ndcg(pool: Pool, scores: Tensor, k: int) -> float:
    total = 0.0
    for row in range(len(pool.items)):
        places = [p for p in range(pool.items.shape[1]) if pool.items[row, p] >= 0]
        places.sort(key=lambda p: (-float(scores[row, p]), int(pool.items[row, p])))
        gain = sum(1 / log2(rank + 2) for rank, p in enumerate(places[:k]) if pool.hits[row, p])
        total += gain / sum(1 / log2(rank + 2) for rank in range(min(k, int(pool.relevant[row].sum()))))
    return total / len(pool.items)


@pytest.mark.parametrize("seed", range(4))
def test_ascent_ends_where_no_share_is_better_and_not_below_the_best_member(seed: int) -> None:
    pool, *_ = pooled(seed)
    fitting = Ascent(3, 10, 20)
    weights = fitting(pool)[0].flatten()
    assert float(weights.sum()) == pytest.approx(1)
    assert float(weights.min()) >= 0
    best = naive_ndcg(pool, pool.normalised_scores @ weights, 3)
    assert best == pytest.approx(pool.ndcg(pool.normalised_scores @ weights, 3))
    alone = [naive_ndcg(pool, pool.normalised_scores[:, :, m], 3) for m in range(3)]
    assert best >= max(alone) - 1e-12
    for member, step in product(range(3), range(11)):
        others = weights.clone()
        others[member] = 0
        if bool(others.any()):
            tried = others / others.sum() * (1 - step / 10)
            tried[member] = step / 10
            assert naive_ndcg(pool, pool.normalised_scores @ tried, 3) <= best + 1e-12


def test_logit_by_cell_is_the_minimum_in_every_direction() -> None:
    pool, *_ = pooled(3, depth=6)
    fitting = Logit(0.01, 500)
    weights, bias = fitting(pool)
    cell = float(Logit.loss(pool, weights.double(), bias.double()))
    assert cell == pytest.approx(naive_loss(pool, weights, bias), abs=1e-6)

    def objective(w: Tensor, b: Tensor) -> float:
        """With the best split of w into common and own: the mean of the cells, but for the tiny ridge."""
        own = w - w.mean((1, 2), keepdim=True)
        return float(Logit.loss(pool, w, b)) + 0.005 * float(own.square().sum() + b.square().sum())

    best = objective(weights.double(), bias.double())
    generator = torch.Generator().manual_seed(0)
    for _ in range(200):
        w = weights.double() + 0.02 * torch.randn(weights.shape, generator=generator, dtype=torch.float64)
        b = bias.double() + 0.02 * torch.randn(bias.shape, generator=generator, dtype=torch.float64)
        assert objective(w, b) > best - 1e-6
