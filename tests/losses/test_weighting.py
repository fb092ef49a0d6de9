"""Inverse propensities by hand; weighted losses against a naive loop."""

from __future__ import annotations

import pytest

from ltgnn.losses.ranking import BPR
from ltgnn.losses.weighting import GroupWeights, InversePropensity, Weighted
from ltgnn.types import UserError
from tests.losses.case import TRAIN, example, gradients_agree
from tests.losses.popularity_case import GROUPS, dot, pairs, soft


def test_inverse_propensity_by_hand() -> None:
    weights = InversePropensity(power=0.5, clip=1.9)(TRAIN, {})
    assert weights.tolist() == pytest.approx([2**0.5, 1, 1.9, 1.9, 1.9, 1.9])
    with pytest.raises(UserError, match=r"clip=0\.5"):
        InversePropensity(0.5, 0.5)


@pytest.mark.parametrize("normalise", [True, False])
def test_weighted_naive(normalise: bool) -> None:
    batch, main = example()
    loss = Weighted(TRAIN, GROUPS, BPR(), GroupWeights("items20", {"tail": 3.0}), normalise)
    table = [1, 1, 3, 3, 3, 1]
    mean = sum(table[i] for i in TRAIN.items.tolist()) / 9 if normalise else 1
    wanted = [
        table[i] / mean * sum(soft(dot(main, u, j) - dot(main, u, i)) for j in others) / 3
        for u, i, others in pairs(batch)
    ]
    assert loss(batch, main, []).item() == pytest.approx(sum(wanted) / 7, rel=1e-6)
    assert gradients_agree(loss.double(), batch, main)
