"""The sum of item graphs by kind against dense matrices, and the gradient of its weights."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from ltgnn.graph.kind_edges import SimilarItemsByKind
from ltgnn.graph.kind_graphs import KindGraphs
from ltgnn.graph.semantic import ItemGraph, SimilarItems
from tests.graph.bipartite_case import agree
from tests.graph.kinds_case import BLOCKS, BOTH, pairs_of

RULE = SimilarItems(4, 0.0, False, True, 1.0)


def graphs(weights: dict[str, float], learned: bool) -> KindGraphs:
    return KindGraphs(BOTH, 23, SimilarItemsByKind(RULE, weights).with_blocks(BLOCKS), learned, None).double()


def normalised(kind: str) -> Tensor:
    """``D^-1/2 W D^-1/2`` of one kind, 0 for items without an edge."""
    matrix = torch.zeros(23, 23, dtype=torch.float64)
    for (i, j), cosine in pairs_of(kind, 4).items():
        matrix[i, j] = matrix[j, i] = cosine
    degree = matrix.sum(1)
    scale = torch.where(degree > 0, degree, 1.0).rsqrt()
    return scale[:, None] * matrix * scale


@pytest.mark.parametrize("learned", [True, False])
@pytest.mark.parametrize(
    ("weights", "shares"),
    [({}, (0.5, 0.5)), ({"text": 9, "images": 1}, (0.9, 0.1)), ({"text": 0, "images": 1}, (0, 1))],
)
def test_equals_dense(weights: dict[str, float], shares: tuple[float, float], learned: bool) -> None:
    matrix = shares[0] * normalised("text") + shares[1] * normalised("images")
    agree(graphs(weights, learned), lambda x: matrix @ x, 23)


def test_learned_weights_have_the_gradient_of_the_dense_sum() -> None:
    found = graphs({"text": 2, "images": 1}, True)
    states = torch.randn(23, 5, dtype=torch.float64)
    target = torch.randn(23, 5, dtype=torch.float64)
    (found.propagate(states) * target).sum().backward()
    logits = torch.tensor([2 / 3, 1 / 3], dtype=torch.float64).log().requires_grad_()
    share = logits.softmax(0)
    matrix = share[0] * normalised("text") + share[1] * normalised("images")
    ((matrix @ states) * target).sum().backward()
    torch.testing.assert_close(found.logits.grad, logits.grad, rtol=1e-5, atol=1e-6)
    assert found.weights == pytest.approx({"text": 2 / 3, "images": 1 / 3}, rel=1e-6)


def test_weights_that_are_given_are_not_trained() -> None:
    assert not graphs({}, False).logits.requires_grad


def test_one_kind_is_the_item_graph() -> None:
    states = torch.randn(23, 5)
    one = KindGraphs(BOTH, 23, SimilarItemsByKind(RULE, {}), False, None)
    assert torch.equal(one.propagate(states), ItemGraph(BOTH, 23, RULE, None).propagate(states))
