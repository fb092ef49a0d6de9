"""DICE against a naive loop."""

from __future__ import annotations

import pytest
import torch

from ltgnn.losses.dice import DICE
from ltgnn.types import UserError
from tests.losses.case import TRAIN, cosine, example, gradients_agree
from tests.losses.popularity_case import COUNTS, GROUPS, pairs, soft


def test_dice_naive() -> None:
    batch, main = example()
    wanted = []
    for u, i, others in pairs(batch):
        total = 0.0
        for j in others:
            by_dimension = [float(main.users[u, k] * (main.items[i, k] - main.items[j, k])) for k in range(4)]
            interest, conformity = sum(by_dimension[:2]), sum(by_dimension[2:])
            total += soft(-interest - conformity)
            if COUNTS[j] > COUNTS[i]:  # taken against the crowd: interest; the crowd prefers j
                total += 0.3 * (soft(-interest) + soft(conformity))
            elif COUNTS[j] < COUNTS[i]:
                total += 0.3 * soft(-conformity)
        halves = [cosine(v[:2], v[2:]) ** 2 for v in (main.users[u], main.items[i])]
        wanted.append(total / 3 + 0.2 * sum(halves))
    loss = DICE(TRAIN, GROUPS, cause_weight=0.3, apart_weight=0.2, rank_by="interest")
    assert loss(batch, main, []).item() == pytest.approx(sum(wanted) / 7, rel=1e-10)
    assert gradients_agree(loss, batch, main)
    ranked = loss.at_ranking(main, torch.sin)(torch.tensor([3]))[0]
    assert ranked.tolist() == pytest.approx([float(main.users[3, :2] @ main.items[i, :2]) for i in range(6)])
    assert DICE(TRAIN, GROUPS, 0.3, 0.2, "both").at_ranking(main, torch.sin) is torch.sin
    with pytest.raises(UserError, match="rank_by=all"):
        DICE(TRAIN, GROUPS, 0.3, 0.2, "all")
