"""MACR against a naive loop."""

from __future__ import annotations

import math

import pytest
import torch

from ltgnn.losses.macr import MACR
from ltgnn.types import UserError
from tests.losses.case import example, gradients_agree
from tests.losses.popularity_case import dot, pairs, soft


def sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x))


def test_macr_naive() -> None:
    batch, main = example()
    loss = MACR(dim=4, item_weight=0.2, user_weight=0.3, c=1.5).double()
    item, user = ((head.weight[0].detach() @ side.T).tolist() for head, side in zip(
        (loss.item, loss.user), (main.items, main.users), strict=True
    ))  # fmt: skip
    wanted = []
    for u, i, others in pairs(batch):
        whole = soft(-dot(main, u, i) * sigmoid(item[i]) * sigmoid(user[u]))
        whole += sum(soft(dot(main, u, j) * sigmoid(item[j]) * sigmoid(user[u])) for j in others) / 3
        alone = soft(-item[i]) + sum(soft(item[j]) for j in others) / 3
        wanted.append(whole + 0.2 * alone + 0.3 * (soft(-user[u]) + soft(user[u])))
    assert loss(batch, main, []).item() == pytest.approx(sum(wanted) / 7, rel=1e-10)
    assert gradients_agree(loss, batch, main)
    ranked = loss.at_ranking(main, lambda users: main.users[users] @ main.items.T)(torch.tensor([3]))[0]
    values = [(dot(main, 3, i) - 1.5) * sigmoid(item[i]) * sigmoid(user[3]) for i in range(6)]
    assert ranked.tolist() == pytest.approx(values, rel=1e-10)
    with pytest.raises(UserError, match="loss=macr is made for states of width 5"):
        MACR(5, 0.1, 0.1, 1.0).double()(batch, main, [])
