"""R-GCN and HGT on the graph of relations, against PyG's own forward on the HeteroData of the same data set."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
import torch
from torch import Tensor
from torch_geometric.nn import HGTConv, RGCNConv, SAGEConv

from ltgnn.data.hetero_data import to_hetero_data
from ltgnn.graph.bipartite import BipartiteGraph
from ltgnn.graph.normalisation import Symmetric
from ltgnn.graph.relation_graph import RelationGraph
from ltgnn.graph.strength import FixedStrength
from ltgnn.models.embedding import NodeEmbedding
from ltgnn.models.entities import types_for
from ltgnn.models.fusion import Id
from ltgnn.models.pyg import PyGEncoder
from ltgnn.models.pyg_relations import HeterogeneousEncoder, RelationEncoder
from ltgnn.models.readout import Mean
from ltgnn.types import Dataset, UserError
from tests.graph.relations_case import TRAIN, relations

INIT = partial(torch.nn.init.normal_, std=0.5)
RGCN = partial(RelationEncoder, conv=partial(RGCNConv, 4, 4))
BASES = partial(RelationEncoder, conv=partial(RGCNConv, 4, 4, num_bases=2))
HGT = partial(HeterogeneousEncoder, conv=partial(HGTConv, 4, 4, heads=2))
MODELS = [RGCN, BASES, HGT]


def make(encode: Callable[..., PyGEncoder], least: int = 1, **given: Any) -> tuple[PyGEncoder, RelationGraph]:
    torch.manual_seed(0)
    graph = RelationGraph(TRAIN, Symmetric(), None, 1.0, {}, least, relations=relations(), **given)
    encode = partial(encode, num_layers=2, readout=Mean(ego=True), activation="elu")
    model = encode(NodeEmbedding(TRAIN, 4, INIT, Id, None, graph.entities), **types_for(graph, encode)).double()
    for one in model.convs.parameters():
        torch.nn.init.normal_(one, std=0.5)
    return model, graph


def hetero_data() -> Any:
    users, items = ([f"{kind}{number}" for number in range(size)] for kind, size in (("u", 17), ("i", 23)))
    return to_hetero_data(Dataset("toy", {"all": TRAIN}, users, items, relations=relations()))


def rgcn_forward(model: PyGEncoder, state: Tensor, layer: int, graph: RelationGraph) -> Tensor:
    """By ``HeteroData.to_homogeneous``, whose types are numbered in another order."""
    data, edges = hetero_data(), graph.typed_edges()
    assert edges is not None
    types = list(data.edge_types)
    plain = data.to_homogeneous()
    ours = torch.tensor([edges.types.index(one) for one in types])
    found: Tensor = model.convs[layer](state, plain.edge_index, ours[plain.edge_type])
    return found


def hgt_forward(model: PyGEncoder, state: Tensor, layer: int, graph: RelationGraph) -> Tensor:
    """With types in the order of the ``metadata``, which HGTConv takes for granted."""
    data, edges = hetero_data(), graph.typed_edges()
    assert edges is not None
    conv = HGTConv(4, 4, (data.node_types, list(edges.types)), heads=2).double()
    weights = model.convs[layer].state_dict()
    conv.load_state_dict({name.replace("<", "").replace(">", ""): weight for name, weight in weights.items()})
    states = dict(zip(data.node_types, state.split([data[kind].num_nodes for kind in data.node_types]), strict=True))
    made = conv(states, {one: data[one].edge_index for one in edges.types})
    return torch.cat([made[kind] for kind in data.node_types])


@torch.no_grad()
@pytest.mark.parametrize(
    ("encode", "forward"),
    [(RGCN, rgcn_forward), (BASES, rgcn_forward), (HGT, hgt_forward)],
    ids=["rgcn", "bases", "hgt"],
)
def test_it_is_the_forward_of_pyg_on_the_hetero_data(
    encode: Callable[..., PyGEncoder], forward: Callable[..., Tensor]
) -> None:
    model, graph = make(encode)
    data = hetero_data()
    edges = graph.typed_edges()
    assert edges is not None
    assert list(edges.sizes.items()) == [(kind, data[kind].num_nodes) for kind in data.node_types]
    assert set(edges.types) == set(data.edge_types)
    first = model.embedding()[0]
    one = torch.nn.functional.elu(forward(model, first, 0, graph))
    two = forward(model, one, 1, graph)
    expected = ((first + one + two) / 3)[:40]
    encoded = model(graph)
    assert model.known_items(graph).all()  # item 22 too, which has no interaction
    torch.testing.assert_close(torch.cat([encoded.users, encoded.items]), expected)


@pytest.mark.parametrize("encode", MODELS)
def test_every_weight_has_a_gradient_that_is_finite(encode: Callable[..., PyGEncoder]) -> None:
    model, graph = make(encode)
    encoded = model(graph)
    (encoded.users.square().sum() + encoded.items.square().sum()).backward()
    for name, weight in model.named_parameters():
        assert weight.grad is not None, name
        assert torch.isfinite(weight.grad).all(), name


def test_kinds_without_entities_are_no_kinds() -> None:
    """With at least 4 items an entity, brands and some persons are left."""
    _, graph = make(HGT, least=4)
    edges = graph.typed_edges()
    assert edges is not None
    assert graph.entities is not None
    assert edges.sizes == {"user": 17, "item": 23, "person": len(graph.entities) - 5, "brand": 5}
    _, graph = make(HGT, least=24)
    edges = graph.typed_edges()
    assert edges is not None
    assert list(edges.sizes) == ["user", "item"]
    assert [name for _, name, _ in edges.types] == ["rev_interacts", "interacts", "rev_then", "then"]


def test_kinds_may_be_called_as_they_like() -> None:
    """PyG makes a module of each, which cannot be called ``type`` or have a dot in its name."""
    kinds = [("user", "interacts", "item"), ("type", "film.type", "item"), ("a.b", "to", "item")]
    make_model = partial(HGT, NodeEmbedding(TRAIN, 4, INIT, Id, None), num_layers=1, readout=Mean(ego=True))
    model = make_model(activation=None, metadata=(["user", "item", "type", "a.b"], kinds))
    assert model.convs[0].node_types == ["<user>", "<item>", "<type>", "<a#b>"]


def test_a_graph_without_types_is_refused() -> None:
    plain = BipartiteGraph(TRAIN, Symmetric(), None)
    with pytest.raises(UserError, match=r"model/conv=rgcn or hgt.*set graph=relations"):
        types_for(plain, RGCN)


def test_strength_that_is_not_read_is_refused() -> None:
    strength = torch.ones(len(TRAIN)).double()
    strength[0] = 2
    model, graph = make(RGCN, strength={"given": FixedStrength(strength)})
    with pytest.raises(UserError, match=r"RGCNConv takes no weights, but edges of this graph= differ"):
        model(graph)


@pytest.mark.parametrize("encode", [RelationEncoder, HeterogeneousEncoder])
def test_a_convolution_of_another_kind_is_refused(encode: Callable[..., PyGEncoder]) -> None:
    with pytest.raises(UserError, match=r"SAGEConv\.forward needs x, edge_index; one that needs x"):
        encode.refuse_other_inputs(SAGEConv, None)  # type: ignore[attr-defined]
