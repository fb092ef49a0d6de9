"""BC loss against a naive loop."""

from __future__ import annotations

import math

import pytest

from ltgnn.losses.bias_aware import BCLoss
from tests.losses.case import TRAIN, cosine, example
from tests.losses.popularity_case import COUNTS, GROUPS, pairs


@pytest.mark.parametrize("in_batch", [True, False])
def test_bc_naive(in_batch: bool) -> None:
    batch, main = example()
    loss = BCLoss(TRAIN, GROUPS, 0.2, 0.5, dim=3, in_batch=in_batch, mask_own=True).double()
    activity = TRAIN.user_counts.tolist()  # 2 2 2 1 1 1
    user_bias = [loss.user_bias.weight[sorted(set(activity)).index(c)].detach() for c in activity]
    item_bias = [loss.item_bias.weight[sorted(set(COUNTS)).index(c)].detach() for c in COUNTS]
    wanted = []
    for row, (u, i, others) in enumerate(pairs(batch)):
        if in_batch:
            others = [j for r, j in enumerate(batch.pos.tolist()) if r != row and j != i] + others
        angle, bias = math.acos(cosine(main.users[u], main.items[i])), math.acos(cosine(user_bias[u], item_bias[i]))
        own = math.exp(math.cos(angle + min(bias, math.pi - angle)) / 0.2)
        rest = sum(math.exp(cosine(main.users[u], main.items[j]) / 0.2) for j in others)
        own_bias = math.exp(math.cos(bias) / 0.5)
        rest_bias = sum(math.exp(cosine(user_bias[u], item_bias[j]) / 0.5) for j in others)
        wanted.append(-math.log(own / (own + rest)) - math.log(own_bias / (own_bias + rest_bias)))
    assert loss(batch, main, []).item() == pytest.approx(sum(wanted) / 7, rel=1e-8)
    loss(batch, main, []).backward()
    assert loss.user_bias.weight.grad is not None
    assert loss.user_bias.weight.grad.abs().sum() > 0
