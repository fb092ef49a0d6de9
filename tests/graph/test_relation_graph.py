"""The graph of users, items and entities, against its dense adjacency."""

from __future__ import annotations

import pytest
import torch

from ltgnn.graph.bipartite import BipartiteGraph
from ltgnn.graph.normalisation import Symmetric
from ltgnn.graph.relation_graph import RelationGraph
from tests.graph.bipartite_case import agree
from tests.graph.relations_case import TRAIN, dense_joined, normalise, relations

WEIGHTS = {"actor": 0.7, "director": 0.3, "brand": 2.0, "then": 0.5}


def graph(weight: float = 1.0, weights: dict[str, float] | None = None, least: int = 1) -> RelationGraph:
    given = WEIGHTS if weights is None else weights
    return RelationGraph(TRAIN, Symmetric(), None, weight, given, least, relations=relations())


@pytest.mark.parametrize("least", [1, 2, 4])
def test_propagation_is_that_of_the_dense_adjacency(least: int) -> None:
    """Two steps, values and gradients."""
    operator, ours = normalise(dense_joined(relations(), WEIGHTS, least)), graph(least=least).double()
    assert ours.size == len(operator)
    agree(ours, lambda states: operator @ states, len(operator))
    layers = ours.layers_at(torch.eye(len(operator), dtype=torch.float64), 3, torch.tensor([2, 20, 39]))
    assert layers is not None
    torch.testing.assert_close(layers[3], torch.linalg.matrix_power(operator, 3)[[2, 20, 39]], rtol=1e-5, atol=1e-6)


def test_without_weight_it_is_the_symmetric_graph() -> None:
    plain = BipartiteGraph(TRAIN, Symmetric(), None)
    for ours in (graph(0.0, {}), graph(1.0, dict.fromkeys(WEIGHTS, 0.0))):
        assert ours.entities is None
        assert torch.equal(ours.columns, plain.columns)
        assert torch.equal(ours.weights, plain.weights)
        assert ours.fold_in() is not None


def test_states_of_users_and_items_alone_are_those_of_silent_entities() -> None:
    states = torch.randn(40, 3)
    ours = graph()
    nothing = torch.zeros(ours.size - 40, 3)
    assert torch.equal(ours.propagate(states), ours.propagate(torch.cat([states, nothing]))[:40])


def test_relations_stay_when_interactions_are_dropped() -> None:
    ours = graph()
    kept = torch.rand(len(TRAIN), generator=torch.Generator().manual_seed(0)) < 0.5
    found = ours.keep(kept).propagate(torch.eye(ours.size))
    matrix = dense_joined(relations(), WEIGHTS)
    for user, item in zip(TRAIN.users[~kept].tolist(), TRAIN.items[~kept].tolist(), strict=True):
        matrix[user, 17 + item] = matrix[17 + item, user] = 0
    torch.testing.assert_close(found.double(), normalise(matrix), rtol=1e-5, atol=1e-6)
    assert ours.fold_in() is None


def test_users_receive_from_items_only() -> None:
    nodes, _ = graph().messages_to(3)
    assert set(nodes.tolist()) == {17 + item for item in TRAIN.items[TRAIN.users == 3].tolist()}
