"""KGAT against a loop over nodes and their messages."""

from __future__ import annotations

import math
from functools import partial

import pytest
import torch
from torch import Tensor

from ltgnn.graph.bipartite import BipartiteGraph
from ltgnn.graph.normalisation import Symmetric
from ltgnn.graph.relation_graph import RelationGraph
from ltgnn.models.embedding import NodeEmbedding
from ltgnn.models.entities import types_for
from ltgnn.models.fusion import Id
from ltgnn.models.kgat import KGAT
from ltgnn.types import UserError
from tests.graph.relations_case import KINDS, TRAIN, relations

INIT = partial(torch.nn.init.normal_, std=0.5)


def make() -> tuple[KGAT, RelationGraph]:
    torch.manual_seed(0)
    graph = RelationGraph(TRAIN, Symmetric(), None, 1.0, {}, 1, relations=relations())
    encode = partial(KGAT, num_layers=2, relation_dim=3)
    embedding = NodeEmbedding(TRAIN, 4, INIT, Id, None, graph.entities)
    return encode(embedding, **types_for(graph, encode)).double(), graph


def messages() -> list[list[tuple[int, int]]]:
    """Sender and type of each message, by receiver; types as they are numbered: to users, to items, by relation."""
    found: list[list[tuple[int, int]]] = [[] for _ in range(54)]
    for user, item in zip(TRAIN.users.tolist(), TRAIN.items.tolist(), strict=True):
        found[user].append((17 + item, 0))
        found[17 + item].append((user, 1))
    for number, one in enumerate(relations().values()):
        for item, other in zip(one.items.tolist(), one.others.tolist(), strict=True):
            node = 17 + other if one.kind == "item" else 40 + KINDS[one.kind] + other
            found[17 + item].append((node, 2 + 2 * number))
            found[node].append((17 + item, 3 + 2 * number))
    return found


def naive(model: KGAT, first: Tensor) -> Tensor:
    """The formulas of the paper, node by node."""
    states, final = first, [first]
    for add, multiply in zip(model.add, model.multiply, strict=True):
        rows = []
        for node, received in enumerate(messages()):
            scores = [
                float(
                    (first[sender] @ model.to_relation[kind])
                    @ torch.tanh(first[node] @ model.to_relation[kind] + model.relations[kind])
                )
                for sender, kind in received
            ]
            total = sum(math.exp(score) for score in scores)
            message = torch.zeros(4, dtype=torch.float64)
            for score, (sender, _) in zip(scores, received, strict=True):
                message = message + math.exp(score) / total * states[sender]
            one, other = add.weight @ (states[node] + message), multiply.weight @ (states[node] * message)
            rows.append(torch.where(one > 0, one, 0.01 * one) + torch.where(other > 0, other, 0.01 * other))
        states = torch.stack(rows)
        final.append(states / states.norm(dim=1, keepdim=True).clamp_min(1e-12))
    return torch.cat(final, 1)


@torch.no_grad()
def test_against_the_formulas_node_by_node() -> None:
    model, graph = make()
    encoded = model(graph)
    first = model.embedding()[0]
    expected = naive(model, first)
    torch.testing.assert_close(encoded.users, expected[:17])
    torch.testing.assert_close(encoded.items, expected[17:40])
    assert encoded.items.shape == (23, 12)
    assert [layer.shape for layer in encoded.layers] == [(40, 4)] * 3
    edges = graph.typed_edges()
    assert edges is not None
    shares = torch.zeros(54, dtype=torch.float64).index_add(0, edges.rows, model.attention(first, edges))
    torch.testing.assert_close(shares, torch.ones_like(shares))


def test_every_weight_has_its_gradient() -> None:
    model, graph = make()
    target = torch.randn(17, 12, dtype=torch.float64)
    weights = dict(model.named_parameters())

    def loss(weight: Tensor, name: str) -> Tensor:
        return (torch.func.functional_call(model, {name: weight}, (graph,)).users * target).sum()

    for name in ("to_relation", "relations", "add.0.weight", "multiply.1.weight"):
        start = weights[name].detach().clone().requires_grad_()
        assert torch.autograd.gradcheck(partial(loss, name=name), (start,)), name


def test_items_of_which_nothing_is_known_stay_0() -> None:
    model, graph = make()
    assert torch.equal(model.known_items(graph), model(graph).items.any(1))
    assert model.known_items(graph)[22]


def test_a_graph_without_types_is_refused() -> None:
    with pytest.raises(UserError, match=r"this model= \(kgat, .* treats messages .* set graph=relations"):
        types_for(BipartiteGraph(TRAIN, Symmetric(), None), KGAT)
    assert types_for(BipartiteGraph(TRAIN, Symmetric(), None), partial(KGAT.__base__)) == {}
