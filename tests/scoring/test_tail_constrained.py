"""A blend that does not rank the tail worse than its best member does."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from math import log2

import pytest
import torch
from torch import Tensor

from ltgnn.scoring.candidates import Pool
from ltgnn.scoring.ensemble_weights import Logit
from ltgnn.scoring.tail_constrained import TailConstrained, of_tail
from tests.scoring.ensemble_case import pooled


def naive_values(pool: Pool, rows: list[int], scores: Tensor, k: int, tail: bool) -> float:
    """Mean NDCG@k of some users; ``tail``: only held-out items outside group 0 count, over users who have one."""
    values = []
    for row in rows:
        relevant = int(pool.relevant[row, int(tail) :].sum())
        places = [p for p in range(pool.items.shape[1]) if pool.items[row, p] >= 0]
        places.sort(key=lambda p: (-float(scores[row, p]), int(pool.items[row, p])))
        hits = [bool(pool.hits[row, p]) and not (tail and pool.item_groups[row, p] == 0) for p in places[:k]]
        if relevant:
            ideal = sum(1 / log2(rank + 2) for rank in range(min(k, relevant)))
            values.append(sum(hit / log2(rank + 2) for rank, hit in enumerate(hits)) / ideal)
    return sum(values) / len(values) if values else -1.0


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("share", [0.8, 1.0])
@pytest.mark.parametrize("unknown", [False, True])
def test_tail_kept_takes_the_best_choice_that_keeps_the_tail(seed: int, share: float, unknown: bool) -> None:
    """Every choice by a naive loop over all users, places and groups."""
    pool, *_ = pooled(seed, depth=6)
    if unknown:  # of the first group nothing is held out: it takes the weights of the second
        pool = replace(pool, user_groups=torch.ones_like(pool.user_groups))
    plain, unlifted = Logit(0.1, 200)(pool)
    weights, bias = TailConstrained(Logit(0.1, 200), 3, share, 0.25, 4.0)(pool)

    def scores(w: Tensor, b: Tensor) -> Tensor:
        found = torch.zeros(pool.items.shape)
        for row, p in product(range(len(pool.items)), range(pool.items.shape[1])):
            a, g = int(pool.user_groups[row]), int(pool.item_groups[row, p])
            found[row, p] = b[a, g] + sum(w[m, a, g] * pool.normalised_scores[row, p, m] for m in range(len(w)))
        return found

    lift = torch.tensor([0.0, 1.0, 1.0])  # cold items are of the tail
    alone = [(torch.eye(3)[m][:, None, None].expand(3, 3, 3), torch.zeros(3, 3)) for m in range(3)]
    choices = [*alone, *((plain, unlifted + 0.25 * n * lift) for n in range(17))]
    scored = [scores(*choice) for choice in choices]
    everyone = list(range(len(pool.items)))
    assert of_tail(pool).ndcg(scored[0], 3) == pytest.approx(naive_values(pool, everyone, scored[0], 3, tail=True))
    tails = [naive_values(pool, everyone, s, 3, tail=True) for s in scored]
    values = [naive_values(pool, everyone, s, 3, tail=False) for s in scored]
    kept = [c for c, value in enumerate(tails) if value >= share * max(tails[:3]) - 1e-12]
    wanted = max(kept, key=lambda c: (round(values[c], 12), -c))
    judged = [group for group in range(3) if bool((pool.user_groups == group).any())]
    for group in range(3):
        nearest = min(judged, key=lambda other: abs(other - group))
        assert torch.allclose(weights[:, group], choices[wanted][0][:, nearest])
        assert torch.allclose(bias[group], choices[wanted][1][nearest])
