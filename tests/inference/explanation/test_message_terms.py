"""Terms of a model of convolutions: one for each item of the history, and what is left without them."""

from __future__ import annotations

from functools import partial

import pytest
import torch
from torch_geometric.nn import SAGEConv

from ltgnn.graph.bipartite import BipartiteGraph
from ltgnn.graph.normalisation import Symmetric
from ltgnn.inference.explanation.message_terms import MessageTerms
from ltgnn.models.pyg import PyGEncoder
from ltgnn.models.readout import Mean
from tests.models.encoders_case import TRAIN, nodes
from tests.models.test_pyg_relations import RGCN, make


@pytest.mark.parametrize("cosine", [False, True])
def test_a_term_for_each_item_of_the_history(cosine: bool) -> None:
    graph = BipartiteGraph(TRAIN, Symmetric(), None)
    torch.manual_seed(0)
    encoder = PyGEncoder(nodes(), 2, Mean(ego=True), partial(SAGEConv, 6, 6), None, "elu")
    index = encoder.message_index(graph)
    assert index is not None
    found = MessageTerms(encoder, graph, index, 0.5, cosine, steps=100).terms(3, 4)
    history = TRAIN.items[TRAIN.users == 3].tolist()
    assert [term.item for term in found] == [*sorted(history), None]
    assert found[-1].name == "without the history"
    with torch.no_grad():
        encoded = encoder(graph)
        user, item = encoded.users[3], encoded.items[4]
        score = user @ item / item.norm() ** (1.0 if cosine else 0.5) / (user.norm() if cosine else 1.0)
    assert sum(term.value for term in found) == pytest.approx(float(score), rel=1e-2)


def test_entities_and_other_users_are_no_history() -> None:
    encoder, graph = make(RGCN)
    encoder = encoder.float()
    index = encoder.message_index(graph)
    assert index is not None
    found = MessageTerms(encoder, graph, index, 1.0, False, steps=2).terms(1, 22)
    assert {term.item for term in found[:-1]} == set(history_of(1))


def history_of(user: int) -> list[int]:
    from tests.graph.relations_case import TRAIN as shop

    return [int(item) for item in shop.items[shop.users == user]]
