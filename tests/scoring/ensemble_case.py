"""What tests of ensemble share."""

from __future__ import annotations

from math import exp, log

import torch
from torch import Tensor

from ltgnn.data.groups import ItemShare
from ltgnn.scoring.candidates import Pool, pool_of
from ltgnn.scoring.ensemble import Blend
from ltgnn.scoring.ensemble_weights import Ascent
from ltgnn.scoring.masked import MaskedScorer
from ltgnn.scoring.score_normalisation import ZScore
from ltgnn.types import Interactions, Scorer
from tests.conftest import random_interactions

INF = float("inf")


def table(scores: Tensor) -> Scorer:
    return lambda users: scores[users]


USERS = ItemShare("activity", ["active", "casual"], [0.5, 0.5], "users")

ITEMS = ItemShare("items", ["head", "tail"], [0.5, 0.5], "items")


def three(seed: int = 0) -> tuple[Interactions, Interactions, dict[str, Scorer], Tensor]:
    """Train and validation pairs of 12 users and 10 items, members that know something, their scores [3, U, I]."""
    every = random_interactions(12, 10, 0.45, seed)
    held = torch.arange(len(every)) % 3 == 0
    train, val = every.select(~held), every.select(held)
    scores = torch.randn(3, 12, 10, generator=torch.Generator().manual_seed(seed))
    scores[0].view(-1)[val.keys] += 1.0
    scores[1].view(-1)[val.keys] += 0.5
    known = torch.ones(10, dtype=torch.bool)
    known[7] = False
    return (
        train,
        val,
        {"a": table(scores[0]), "b": MaskedScorer(table(scores[1]), known), "c": table(scores[2])},
        scores,
    )


def pooled(seed: int, depth: int = 3) -> tuple[Pool, Interactions, Interactions, Tensor]:
    train, val, members, scores = three(seed)
    scores[1, :, 7] = -INF
    blended = Blend(ZScore(), Ascent(20, 2, 1), USERS, ITEMS).of(members, train)
    pool = pool_of(lambda users: blended.normalise_scores(users, [0, 1, 2]), val, blended.users, blended.items, depth)
    return pool, train, val, scores


def naive_loss(pool: Pool, weights: Tensor, bias: Tensor) -> float:
    losses = []
    for row in range(len(pool.items)):
        a = int(pool.user_groups[row])
        places = [p for p in range(pool.items.shape[1]) if pool.items[row, p] >= 0]
        score = {}
        for p in places:
            g = int(pool.item_groups[row, p])
            score[p] = float(bias[a, g]) + sum(
                float(weights[m, a, g]) * float(pool.normalised_scores[row, p, m]) for m in range(len(weights))
            )
        others = sum(exp(score[p]) for p in places if not pool.hits[row, p])
        losses += [-log(exp(score[p]) / (exp(score[p]) + others)) for p in places if pool.hits[row, p]]
    return sum(losses) / len(losses)
