"""SL and BSL by hand and against a naive loop."""

from __future__ import annotations

import math

import pytest
import torch

from ltgnn.losses.bilateral import BilateralSoftmax
from ltgnn.types import Batch, Encoded
from tests.losses.case import cosine, example, gradients_agree
from tests.losses.softmax_case import negatives_of


def naive_bilateral(batch: Batch, main: Encoded, t: float, power: float, same_user: bool, in_batch: bool) -> float:
    users, pos, losses = batch.users.tolist(), batch.pos.tolist(), []
    for row, user in enumerate(users):
        alike = [r for r in range(len(users)) if users[r] == user] if same_user else [row]
        own = sum(math.exp(cosine(main.users[user], main.items[pos[r]]) / t) for r in alike) / len(alike)
        others = [
            math.exp(cosine(main.users[user], main.items[i]) / t) for i in negatives_of(row, batch, in_batch, False)
        ]
        losses.append(-math.log(own / (sum(others) / len(others)) ** power))
    return sum(losses) / len(losses)


@pytest.mark.parametrize("in_batch", [True, False])
@pytest.mark.parametrize("positives", ["one", "user"])
@pytest.mark.parametrize(("temperature", "power"), [(0.15, 1.0), (0.3, 1.12)])
def test_sl_and_bsl_naive(temperature: float, power: float, positives: str, in_batch: bool) -> None:
    batch, main = example()
    loss = BilateralSoftmax(temperature, power, positives, in_batch, mask_own=False, user_dropout=0.0)
    wanted = naive_bilateral(batch, main, temperature, power, positives == "user", in_batch)
    assert loss(batch, main, []).item() == pytest.approx(wanted, rel=1e-12)
    assert gradients_agree(loss, batch, main)


def test_sl_by_hand() -> None:
    users = torch.tensor([[1.0, 0.0]], dtype=torch.float64)
    items = torch.tensor([[2.0, 0.0], [0.0, 5.0], [-1.0, 0.0]], dtype=torch.float64)
    batch = Batch(torch.tensor([0]), torch.tensor([0]), torch.tensor([[1, 2]]))
    main = Encoded(users, items, (torch.cat([users, items]),))
    # cosines 1, 0, -1 at temperature .5: -log(e^2 / mean(e^0, e^-2))
    wanted = -math.log(math.exp(2) / ((1 + math.exp(-2)) / 2))
    loss = BilateralSoftmax(0.5, 1.0, "one", in_batch=False, mask_own=False, user_dropout=0.0)
    assert loss(batch, main, []).item() == pytest.approx(wanted, abs=1e-12)


@pytest.mark.parametrize("mask_own", [True, False])
def test_sl_counts_its_negatives(mask_own: bool) -> None:
    batch, main = example()
    wanted = []
    for row, (user, pos) in enumerate(zip(batch.users.tolist(), batch.pos.tolist(), strict=True)):
        others = [
            math.exp(cosine(main.users[user], main.items[i]) / 0.3) for i in negatives_of(row, batch, True, mask_own)
        ]
        wanted.append(math.log(sum(others) / len(others)) - cosine(main.users[user], main.items[pos]) / 0.3)
    loss = BilateralSoftmax(0.3, 1.0, "one", True, mask_own, 0.0)
    assert loss(batch, main, []).item() == pytest.approx(sum(wanted) / 7, rel=1e-12)
