"""Models with states for the entities of a graph: LightGCN on the joint graph against dense algebra."""

from __future__ import annotations

from functools import partial

import pytest
import torch

from ltgnn.graph.normalisation import Symmetric
from ltgnn.graph.relation_graph import RelationGraph
from ltgnn.models.alpharec import ContentNodes
from ltgnn.models.embedding import NodeEmbedding
from ltgnn.models.entities import entities_for
from ltgnn.models.fusion import Id
from ltgnn.models.lightgcn import LightGCN
from ltgnn.models.readout import Mean
from ltgnn.models.spectral import Spectral
from ltgnn.types import Batch, Encoder, Relation, UserError
from tests.graph.relations_case import TRAIN, dense_joined, normalise, relations

INIT = partial(torch.nn.init.normal_, std=0.1)
WEIGHTS = {"actor": 0.7, "director": 0.3, "brand": 2.0, "then": 0.5}


def make(graph: RelationGraph, num_layers: int = 3) -> LightGCN:
    torch.manual_seed(0)
    embed = partial(NodeEmbedding, dim=6, init=INIT)
    encode = partial(LightGCN, num_layers=num_layers, readout=Mean(True))
    given = entities_for(graph, embed, encode)
    return encode(embed(train=TRAIN, fusion=Id, features=None, **given))


def joint(given: dict[str, Relation] | None = None) -> RelationGraph:
    return RelationGraph(TRAIN, Symmetric(), None, 1.0, {}, 1, relations=given or relations())


def test_lightgcn_is_the_mean_of_powers_of_the_dense_adjacency() -> None:
    """Of users, items and entities, each with first states of its own; values and gradients of all tables."""
    graph = RelationGraph(TRAIN, Symmetric(), None, 1.0, WEIGHTS, 1, relations=relations()).double()
    model = make(graph).double()
    operator = normalise(dense_joined(relations(), WEIGHTS, 1))
    tables = [model.embedding.users, model.embedding.items, model.embedding.entities]
    cold = (TRAIN.item_counts > 0)[:, None]
    first = torch.cat([tables[0], tables[1] * cold, tables[2]])  # type: ignore[operator, list-item]
    whole = sum((torch.linalg.matrix_power(operator, power) @ first for power in range(4)), torch.zeros(1)) / 4
    encoded = model(graph)
    assert [len(layer) for layer in encoded.layers] == [40] * 4
    ours, target = torch.cat([encoded.users, encoded.items]), torch.randn(40, 6, dtype=torch.float64)
    torch.testing.assert_close(ours, whole[:40], rtol=1e-5, atol=1e-6)
    found, wanted = (torch.autograd.grad((x * target).sum(), tables) for x in (ours, whole[:40]))  # type: ignore[arg-type]
    for one, other in zip(found, wanted, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-5, atol=1e-6)
    assert model.known_items(graph).all()


def test_the_nodes_of_a_batch_have_the_states_of_a_whole_pass() -> None:
    graph = joint()
    model = make(graph)
    batch = Batch(torch.tensor([3, 5]), torch.tensor([1, 22]), torch.tensor([[2], [4]]))
    local = model.at(graph, batch)
    assert local is not None
    encoded, renamed = local
    whole = model(graph)
    torch.testing.assert_close(encoded.users[renamed.users], whole.users[batch.users])
    torch.testing.assert_close(encoded.items[renamed.pos], whole.items[batch.pos])


def test_explained_terms_sum_to_the_score() -> None:
    graph = joint()
    model = make(graph)
    encoded = model(graph)
    terms = model.linear_terms(graph, 1.0).terms(4, 22)
    assert sum(term.value for term in terms) == pytest.approx(float(encoded.users[4] @ encoded.items[22]), rel=1e-4)


def test_entities_of_cold_items_alone_say_nothing() -> None:
    """Item 22 is cold; entity 0 is joined to it alone, entity 1 to a warm item as well."""

    def brand(*edges: tuple[int, int]) -> RelationGraph:
        items, others = torch.tensor(edges).T
        return joint({"brand": Relation(items, others, 2, "brand")})

    for graph, known in ((brand((22, 0)), False), (brand((22, 1), (3, 1)), True)):
        model = make(graph)
        assert bool(model.known_items(graph)[22]) is known
        assert bool(model(graph).items[22].any()) is known


def test_where_the_tables_start_from_the_graph_entities_start_at_0() -> None:
    graph = joint()
    embedding = NodeEmbedding(TRAIN, 6, Spectral(1.0, 0.5), Id, None, graph.entities)
    assert embedding.entities is not None
    assert not embedding.entities.any()


def test_a_model_without_states_for_them_is_refused() -> None:
    graph, embed = joint(), partial(NodeEmbedding, dim=6)
    with pytest.raises(UserError, match=r"graph=relations has entities .* set model=lightgcn"):
        entities_for(graph, embed, Encoder)
    with pytest.raises(UserError, match=r"graph=relations has entities"):
        entities_for(graph, partial(ContentNodes, dim=6), LightGCN)
    plain = RelationGraph(TRAIN, Symmetric(), None, 0.0, {}, 1, relations=relations())
    assert entities_for(plain, embed, Encoder) == {}
