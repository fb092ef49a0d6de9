"""Edges between items that are similar in a kind of features, against a loop over pairs."""

from __future__ import annotations

import pytest
import torch

from ltgnn.graph.bipartite import BipartiteGraph
from ltgnn.graph.kind_edges import SimilarItemsByKind
from ltgnn.graph.normalisation import Symmetric
from ltgnn.graph.semantic import SimilarItems
from ltgnn.types import UserError
from tests.graph.bipartite_case import agree, dense, shop
from tests.graph.kinds_case import BLOCKS, BOTH, WITHOUT, pairs_of


def rule(weights: dict[str, float], weighted: bool = True) -> SimilarItemsByKind:
    return SimilarItemsByKind(SimilarItems(4, 0.0, False, weighted, 0.3), weights).with_blocks(BLOCKS)


@pytest.mark.parametrize("weighted", [True, False])
@pytest.mark.parametrize(
    ("weights", "shares"),
    [({}, (0.5, 0.5)), ({"text": 3, "images": 1}, (0.75, 0.25)), ({"text": 2, "images": 0}, (1, 0))],
)
def test_a_graph_with_them_equals_dense(weighted: bool, weights: dict[str, float], shares: tuple[float, float]) -> None:
    train, pairs = shop(), {}
    for kind, share in zip(BLOCKS, shares, strict=True):
        for pair, cosine in pairs_of(kind, 4).items():
            pairs[pair] = pairs.get(pair, 0.0) + 0.3 * share * (cosine if weighted else 1.0)
    matrix = dense(train, 0.5, 0.5, None, {pair: weight for pair, weight in pairs.items() if weight})
    edges = {"kinds": rule(weights, weighted)}
    agree(BipartiteGraph(train, Symmetric(), None, {}, edges, features=BOTH).double(), lambda x: matrix @ x, 40)


def test_each_edge_is_there_once_and_an_item_without_a_kind_has_none_of_it() -> None:
    edges = rule({})(BOTH, 23)
    assert len(torch.unique(edges.left * 23 + edges.right)) == len(edges.left)
    assert bool((edges.left < edges.right).all())
    images = rule({"text": 0, "images": 1})(BOTH, 23)
    ends = torch.cat([images.left, images.right])
    assert not torch.isin(ends, torch.tensor(WITHOUT)).any()


def test_one_kind_is_the_rule_of_features_without_kinds() -> None:
    plain = SimilarItems(4, 0.0, False, True, 0.3)
    for one, other in zip(SimilarItemsByKind(plain, {})(BOTH, 23), plain(BOTH, 23), strict=True):
        assert torch.equal(one, other)


def test_features_are_needed() -> None:
    with pytest.raises(UserError, match="features=none was given"):
        rule({})(None, 23)
