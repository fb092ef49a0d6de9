"""UltraGCN against a naive implementation written from the authors' formulas, pair by pair in float64."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from ltgnn.losses.ultragcn import Constraint, ItemConstraint, WholeL2, item_constraints
from ltgnn.types import Batch, Encoded, UserError
from tests.conftest import random_interactions

TRAIN = random_interactions(8, 11, 0.3, seed=9)
W = (0.3, 1.0, 0.2, 0.7)


def encoded() -> tuple[Encoded, Batch]:
    torch.manual_seed(0)
    users, items = (torch.randn(n, 4, dtype=torch.float64, requires_grad=True) for n in (8, 11))
    batch = Batch(torch.tensor([0, 3, 3, 7]), torch.tensor([2, 5, 1, 2]), torch.randint(11, (4, 6)))
    return Encoded(users, items, (torch.cat([users, items]),)), batch


def sigmoid(x: Tensor) -> Tensor:
    return 1 / (1 + (-x).exp())


def agree(main: Encoded, ours: Tensor, theirs: Tensor) -> None:
    torch.testing.assert_close(ours, theirs, rtol=1e-6, atol=0)
    both = [
        torch.autograd.grad(x, [main.users, main.items], allow_unused=True, retain_graph=True) for x in (ours, theirs)
    ]
    for one, other in zip(*both, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-6, atol=1e-9)


def test_constraint() -> None:
    main, batch = encoded()
    d_u, d_i = TRAIN.user_counts.tolist(), TRAIN.item_counts.tolist()

    def b(u: int, i: int) -> float:
        return math.sqrt(d_u[u] + 1) / d_u[u] / math.sqrt(d_i[i] + 1)

    total = torch.zeros((), dtype=torch.float64)
    for u, i, negatives in zip(batch.users.tolist(), batch.pos.tolist(), batch.neg.tolist(), strict=True):
        total = total - (W[0] + W[1] * b(u, i)) * sigmoid(main.users[u] @ main.items[i]).log()
        for j in negatives:
            total = total - 50 / 6 * (W[2] + W[3] * b(u, j)) * (1 - sigmoid(main.users[u] @ main.items[j])).log()
    loss = Constraint(TRAIN, {}, *W, negative_weight=50).double()
    exact = [(n + 1) ** 0.5 / n for n in d_u], [(n + 1) ** -0.5 for n in d_i]
    loss.user_beta, loss.item_beta = (torch.tensor(x, dtype=torch.float64) for x in exact)  # float32 in use
    agree(main, loss(batch, main, []), total / 4)


def test_item_constraint() -> None:
    main, batch = encoded()
    x = torch.zeros(8, 11, dtype=torch.float64)
    x[TRAIN.users, TRAIN.items] = 1
    gram = x.T @ x
    g = gram.sum(1)
    weights = torch.zeros(11, 11, dtype=torch.float64)
    for i in range(11):
        for j in range(11):
            if g[i] > 0:
                weights[i, j] = gram[i, j] * (g[i] + 1).sqrt() / g[i] / (g[j] + 1).sqrt()
    values, columns = item_constraints(TRAIN, 3, block=4)
    torch.testing.assert_close(values.double(), weights.sort(1, descending=True).values[:, :3], rtol=1e-6, atol=1e-7)
    torch.testing.assert_close(values.double(), weights.gather(1, columns), rtol=1e-6, atol=1e-7)
    total = torch.zeros((), dtype=torch.float64)
    for u, i in zip(batch.users.tolist(), batch.pos.tolist(), strict=True):
        for j in columns[i].tolist():
            total = total - 0.4 * weights[i, j] * sigmoid(main.users[u] @ main.items[j]).log()
    loss = ItemConstraint(TRAIN, {}, weight=0.4, neighbours=3)
    loss.strength = weights.gather(1, columns)
    agree(main, loss(batch, main, []), total / 4)


def test_penalty_is_over_all_rows() -> None:
    main, batch = encoded()
    agree(main, WholeL2(0.3)(batch, main, []), 0.15 * (main.users.pow(2).sum() + main.items.pow(2).sum()) / 4)


def test_mistakes_name_the_option() -> None:
    main, batch = encoded()
    loss = Constraint(TRAIN, {}, *W, negative_weight=50)
    with pytest.raises(UserError, match=r"Set sampler=uniform"):
        loss(batch._replace(neg=batch.neg[:, :0]), main, [])


def test_users_of_a_sequence_model_are_known_by_their_numbers() -> None:
    """It counts them anew, one for each row."""
    main, batch = encoded()
    loss = Constraint(TRAIN, {}, *W, negative_weight=50)
    anew = batch._replace(users=torch.arange(len(batch.users)), user_nodes=batch.users)
    torch.testing.assert_close(loss(anew, main._replace(users=main.users[batch.users]), []), loss(batch, main, []))
