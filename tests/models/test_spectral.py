"""Tables that start from the graph, against a dense SVD."""

from __future__ import annotations

import pytest
import torch

from ltgnn.models.spectral import Spectral
from ltgnn.types import Interactions, UserError
from tests.graph.bipartite_case import shop


def dense(train: Interactions) -> torch.Tensor:
    matrix = torch.zeros(train.num_users, train.num_items, dtype=torch.float64)
    matrix[train.users, train.items] = 1
    scale = [matrix.sum(axis).clamp(min=1).rsqrt() for axis in (1, 0)]
    return scale[0][:, None] * matrix * scale[1]


@pytest.mark.parametrize("power", [0.0, 0.5, 1.0])
def test_equals_dense(power: float) -> None:
    train, std, dim = shop(), 0.3, 3
    users, items = Spectral(std, power).tables(train, dim)
    left, values, right = torch.linalg.svd(dense(train))
    for table, vectors in ((users, left), (items, right.T)):
        expected = vectors[:, :dim] * values[:dim] ** power
        expected *= std / expected.std()
        signs = (table.double() * expected).sum(0).sign()
        torch.testing.assert_close(table.double(), expected * signs, rtol=1e-4, atol=1e-5)
        assert float(table.std()) == pytest.approx(std)
    same_sign = ((users.T.double() @ dense(train)) * items.T).sum(1)  # u_k' R v_k = s_k > 0
    assert (same_sign > 0).all()


def test_directions_beyond_the_rank_are_noise(tiny: Interactions) -> None:
    rank = min(tiny.num_users, tiny.num_items)
    torch.manual_seed(0)
    users, items = Spectral(0.1, 0.5).tables(tiny, rank + 400)
    for table in (users, items):
        assert table.isfinite().all()
        assert float(table[:, rank:].std()) == pytest.approx(0.1, rel=0.1)


def test_what_nobody_bought_starts_at_zero() -> None:
    train = shop()
    cold = train.item_counts == 0
    assert cold.any()
    assert (Spectral(0.1, 0.5).tables(train, 3)[1][cold] == 0).all()


def test_refuses_no_spread() -> None:
    with pytest.raises(UserError, match=r"init\.std=0 given"):
        Spectral(0, 0.5)
