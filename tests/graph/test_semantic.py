"""Item-item edges between items with similar features, and the graph of only these."""

from __future__ import annotations

import pytest
import torch

from ltgnn.graph.bipartite import BipartiteGraph
from ltgnn.graph.normalisation import Power, RandomWalk, Symmetric
from ltgnn.graph.semantic import ItemGraph, SimilarItems
from tests.graph.bipartite_case import STRENGTH, TEXT, agree, dense, pair_weights, shop, similar_pairs


@pytest.mark.parametrize("mutual", [True, False])
@pytest.mark.parametrize("weighted", [True, False])
@pytest.mark.parametrize("least", [0.0, 0.4])
def test_semantic_equals_dense(mutual: bool, weighted: bool, least: float) -> None:
    train = shop()
    found = similar_pairs(4, least, mutual)
    assert found
    pairs = {pair: 0.3 * (cosine if weighted else 1.0) for pair, cosine in found.items()}
    edges = {"text": SimilarItems(4, least, mutual, weighted, 0.3)}
    matrix = dense(train, 0.6, -0.1, pair_weights(train, "events"), pairs)
    graph = BipartiteGraph(train, Power(0.6, -0.1), None, STRENGTH["events"], edges, features=TEXT).double()
    agree(graph, lambda x: matrix @ x, 40)


def test_item_graph_equals_dense() -> None:
    matrix = torch.zeros(23, 23, dtype=torch.float64)
    for (i, j), cosine in similar_pairs(4, 0.0, False).items():
        matrix[i, j] = matrix[j, i] = cosine
    degree = matrix.sum(1)
    matrix = degree.rsqrt()[:, None] * matrix * degree.rsqrt()[None]
    graph = ItemGraph(TEXT, 23, SimilarItems(4, 0.0, False, True, 1.0), None).double()
    agree(graph, lambda x: matrix @ x, 23)


def test_cold_items_are_reached_by_text_alone() -> None:
    """Zero states but one: with semantic edges the cold item hears of it, without them it stays at zero."""
    train = shop()
    states = torch.cat([torch.zeros(17, 4), torch.ones(22, 4), torch.zeros(1, 4)])
    semantic = BipartiteGraph(
        train, Symmetric(), None, {}, {"text": SimilarItems(3, 0.0, False, True, 0.1)}, features=TEXT
    )
    assert semantic.propagate(states)[-1].abs().min() > 0
    assert not BipartiteGraph(train, Symmetric(), None).propagate(states)[-1].any()


def test_rare_items_lean_on_text_more_than_popular_ones() -> None:
    train = shop()
    graph = BipartiteGraph(
        train, RandomWalk(), None, {}, {"text": SimilarItems(3, 0.0, False, False, 0.1)}, features=TEXT
    )
    from_items = torch.cat([torch.zeros(17, 1), torch.ones(23, 1)])
    share = graph.propagate(from_items)[17:, 0]
    edges = SimilarItems(3, 0.0, False, False, 0.1)(TEXT, 23)
    degree = torch.bincount(torch.cat([edges.left, edges.right]), minlength=23) * 0.1
    torch.testing.assert_close(share, degree / (degree + train.item_counts))
    assert share[-1] == 1  # cold: text alone
