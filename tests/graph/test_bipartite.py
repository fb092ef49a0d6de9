"""Propagation against dense linear algebra in float64, values and gradients."""

from __future__ import annotations

import pytest
import torch

from ltgnn.graph.bipartite import BipartiteGraph
from ltgnn.graph.kernels import csr_product, embedding_bag, scatter
from ltgnn.graph.normalisation import Symmetric
from ltgnn.types import Interactions
from tests.conftest import random_interactions


class OneWay:
    """A normalisation that is not symmetric, to catch a forgotten transpose."""

    def __call__(self, user_degree: torch.Tensor, item_degree: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        return 1 / user_degree, 1 / item_degree.sqrt()


def dense(train: Interactions, normalisation: object) -> torch.Tensor:
    """The [N, N] adjacency, entry by entry."""
    users, items, size = train.users, train.items, train.num_users + train.num_items
    to_user, to_item = normalisation(train.user_counts.double()[users], train.item_counts.double()[items])  # type: ignore[operator]
    matrix = torch.zeros(size, size, dtype=torch.float64)
    for u, i, a, b in zip(users.tolist(), items.tolist(), to_user.tolist(), to_item.tolist(), strict=True):
        matrix[u, train.num_users + i] = a
        matrix[train.num_users + i, u] = b
    return matrix


@pytest.mark.parametrize("kernel", [embedding_bag, csr_product, scatter, None])
@pytest.mark.parametrize("normalisation", [Symmetric(), OneWay()])
def test_propagation_equals_dense(kernel: object, normalisation: object) -> None:
    train = random_interactions(17, 23, 0.2, seed=3)
    graph = BipartiteGraph(train, normalisation, kernel).double()  # type: ignore[arg-type]
    matrix = dense(train, normalisation)
    states = torch.randn(40, 8, dtype=torch.float64, requires_grad=True)
    target = torch.randn(40, 8, dtype=torch.float64)

    ours = graph.propagate(graph.propagate(states))
    (gradient,) = torch.autograd.grad((ours * target).sum(), states)

    torch.testing.assert_close(ours, matrix @ matrix @ states, rtol=1e-6, atol=1e-7)
    torch.testing.assert_close(gradient, matrix.T @ matrix.T @ target, rtol=1e-6, atol=1e-7)


def test_gradcheck_twice(tiny: Interactions) -> None:
    graph = BipartiteGraph(tiny, OneWay(), None).double()
    states = torch.randn(9, 3, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(graph.propagate, states)
    assert torch.autograd.gradgradcheck(graph.propagate, states)


def test_symmetric_rows_and_cold_nodes(tiny: Interactions) -> None:
    graph = BipartiteGraph(tiny, Symmetric(), None)
    matrix = graph.propagate(torch.eye(9))
    torch.testing.assert_close(matrix, matrix.T)
    assert matrix[0, 4] == pytest.approx((2 * 3) ** -0.5)  # user 0 has 2 items, item 0 has 3 users
    assert not matrix[8].any()  # item 4 is cold


def test_autocast_stays_in_float32(tiny: Interactions) -> None:
    graph = BipartiteGraph(tiny, Symmetric(), None)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert graph.propagate(torch.ones(9, 2, dtype=torch.bfloat16)).dtype == torch.float32


def test_drop_edges_renormalises() -> None:
    train = random_interactions(40, 50, 0.3, seed=1)
    graph = BipartiteGraph(train, Symmetric(), None)
    dropped = graph.drop_edges(0.4, torch.Generator().manual_seed(0))
    kept = dropped.train_edges
    assert 0.5 < len(kept) / len(train) < 0.7
    assert set(kept.keys.tolist()) <= set(train.keys.tolist())
    torch.testing.assert_close(
        dropped.propagate(torch.eye(90)).double(), dense(kept, Symmetric()), rtol=1e-6, atol=1e-7
    )


def test_nothing_in_the_checkpoint(tiny: Interactions) -> None:
    assert not BipartiteGraph(tiny, Symmetric(), None).state_dict()
