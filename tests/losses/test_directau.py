"""DirectAU against a naive loop and by hand."""

from __future__ import annotations

import math

import pytest
import torch

from ltgnn.losses.directau import DirectAU
from ltgnn.types import Encoded
from tests.losses.case import example, gradients_agree


def test_directau_naive() -> None:
    batch, main = example()
    users = [main.users[u] / main.users[u].norm() for u in batch.users.tolist()]
    items = [main.items[i] / main.items[i].norm() for i in batch.pos.tolist()]
    align = sum(float((u - i).pow(2).sum()) for u, i in zip(users, items, strict=True)) / 7

    def spread(units: list[torch.Tensor]) -> float:
        pairs = [math.exp(-2 * float((units[a] - units[b]).pow(2).sum())) for a in range(7) for b in range(a)]
        return math.log(sum(pairs) / len(pairs))

    wanted = align + 0.7 * (spread(users) + spread(items)) / 2
    assert DirectAU(0.7)(batch, main, []).item() == pytest.approx(wanted, rel=1e-10)
    assert gradients_agree(DirectAU(0.7), batch, main)


def test_directau_by_hand() -> None:
    users = torch.tensor([[1.0, 0.0], [0.0, 1.0]], dtype=torch.float64)
    items = torch.tensor([[0.0, 2.0], [0.0, 3.0]], dtype=torch.float64)
    batch, main = example()[0]._replace(users=torch.tensor([0, 1]), pos=torch.tensor([0, 1])), Encoded(users, items, ())
    # |u - i|^2: 2 and 0; users at distance^2 2, items at 0: log e^-4 and log e^0
    assert DirectAU(0.5)(batch, main, []).item() == pytest.approx(1 + 0.5 * (-4 + 0) / 2, abs=1e-12)
