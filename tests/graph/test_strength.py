"""How much an interaction counts in the graph: by its event, by its age."""

from __future__ import annotations

import pytest
import torch

from ltgnn.graph.bipartite import BipartiteGraph
from ltgnn.graph.normalisation import RAdjNorm
from ltgnn.graph.semantic import SimilarItems
from ltgnn.graph.strength import Decay, Events
from ltgnn.types import Interactions, UserError
from tests.graph.bipartite_case import STRENGTH, TEXT, agree, dense, pair_weights, shop, similar_pairs


@pytest.mark.parametrize("strength", ["events", "decay", "both"])
def test_strengths_equal_dense(strength: str) -> None:
    train = shop()
    matrix = dense(train, 0.7, 0.3, pair_weights(train, strength))
    agree(BipartiteGraph(train, RAdjNorm(0.7), None, STRENGTH[strength]).double(), lambda x: matrix @ x, 40)


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda train: Events(1.0)(train), "graph/strength=none"),
        (lambda train: Decay(10, 0.1)(train), "data.reader.time"),
        (lambda train: Decay(0, 0.1), "half_life=0"),
        (lambda train: SimilarItems(0, 0, False, True, 1), "k=0"),
        (lambda train: SimilarItems(3, 0, False, True, 1)(None, 5), "Set features=minilm"),
    ],
)
def test_mistakes_name_the_option(build: object, message: str, tiny: Interactions) -> None:
    with pytest.raises(UserError, match=message):
        build(tiny)  # type: ignore[operator]


@pytest.mark.parametrize("drop", ["drop_edges", "drop_nodes"])
def test_drops_renormalise_and_keep_strength_and_item_edges(drop: str) -> None:
    train = shop()
    edges = {"text": SimilarItems(3, 0.0, False, True, 0.2)}
    graph = BipartiteGraph(train, RAdjNorm(0.7), None, STRENGTH["events"], edges, features=TEXT)
    dropped = getattr(graph, drop)(0.3, torch.Generator().manual_seed(0))
    kept = dropped.train_edges
    assert 0.3 < len(kept) / len(train) < 0.85
    assert set(kept.keys.tolist()) <= set(train.keys.tolist())
    pairs = {pair: 0.2 * cosine for pair, cosine in similar_pairs(3, 0.0, False).items()}
    matrix = dense(kept, 0.7, 0.3, pair_weights(kept, "events"), pairs)
    torch.testing.assert_close(dropped.propagate(torch.eye(40)).double(), matrix, rtol=1e-6, atol=1e-7)
