"""PDA against a naive loop."""

from __future__ import annotations

import math

import pytest
import torch

from ltgnn.losses.pda import PDA
from tests.losses.case import TRAIN, example, gradients_agree
from tests.losses.popularity_case import COUNTS, GROUPS, dot, pairs, soft


def test_pda_naive() -> None:
    batch, main = example()

    def matched(user: int, item: int) -> float:
        score = dot(main, user, item)
        return (score + 1 if score > 0 else math.exp(score)) * (COUNTS[item] / 4) ** 0.3

    wanted = [sum(soft(matched(u, j) - matched(u, i)) for j in others) / 3 for u, i, others in pairs(batch)]
    loss = PDA(TRAIN, GROUPS, gamma=0.3, inject=0.5).double()
    assert loss(batch, main, []).item() == pytest.approx(sum(wanted) / 7, rel=1e-6)
    assert gradients_agree(loss, batch, main)
    ranked = loss.at_ranking(main, lambda users: main.users[users] @ main.items.T)(torch.tensor([3]))[0]
    for item in range(6):
        score = dot(main, 3, item)
        value = (score + 1 if score > 0 else math.exp(score)) * (COUNTS[item] / 4) ** 0.5
        assert ranked[item].item() == pytest.approx(value, rel=1e-6)
    plain = PDA(TRAIN, GROUPS, 0.3, 0.0)
    assert plain.at_ranking(main, torch.sin) is torch.sin
