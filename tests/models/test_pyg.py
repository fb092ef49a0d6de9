"""Convolutions of torch-geometric as a model, against LightGCN and against their own forward on explicit edges."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch_geometric.nn import GATv2Conv, GCNConv, HGTConv, LGConv, RGCNConv, SAGEConv, TransformerConv

from ltgnn.graph.bipartite import BipartiteGraph
from ltgnn.graph.normalisation import RandomWalk, Symmetric
from ltgnn.graph.semantic import SimilarItems
from ltgnn.graph.strength import FixedStrength
from ltgnn.models.embedding import NodeEmbedding
from ltgnn.models.lightgcn import LightGCN
from ltgnn.models.pyg import PyGEncoder
from ltgnn.models.readout import Last, LayerReadout, Mean
from ltgnn.testing.encoder import EncoderCase
from ltgnn.types import UserError
from tests.models.encoders_case import TRAIN, agree, nodes, start

LGCONV = partial(LGConv, normalize=False)
SAGE = partial(SAGEConv, 6, 6)
GATV2 = partial(GATv2Conv, 6, 6, heads=2, concat=False, add_self_loops=False, edge_dim=1)
TRANSFORMER = partial(TransformerConv, 6, 6, heads=2, concat=False, edge_dim=1)


def pyg(
    conv: Callable[[], nn.Module], weights: Any = None, activation: Any = None, readout: LayerReadout | None = None
) -> PyGEncoder:
    torch.manual_seed(1)
    return PyGEncoder(nodes(), 2, readout or Mean(ego=True), conv, weights, activation)


def plain_edges() -> Tensor:
    """Both directions of the train pairs, in their own order: PyG's ``edge_index``."""
    ends = torch.stack([TRAIN.users, TRAIN.items + TRAIN.num_users])
    return torch.cat([ends, ends.flip(0)], 1)


@pytest.mark.parametrize("normalisation", [Symmetric(), RandomWalk()])
def test_lgconv_is_lightgcn_in_states_and_gradients(normalisation: Any) -> None:
    """On every kind of weights: of another normalisation, of interactions, of edges between items."""
    strength = torch.rand(len(TRAIN), generator=torch.Generator().manual_seed(0)).double() + 0.5
    text = torch.randn(14, 5, generator=torch.Generator().manual_seed(0))
    edges = SimilarItems(3, 0.0, False, True, 0.1)
    graph = BipartiteGraph(
        TRAIN, normalisation, None, {"given": FixedStrength(strength)}, {"text": edges}, features=text
    )
    ours, lightgcn = pyg(LGCONV, "edge_weight"), LightGCN(nodes(), 2, Mean(ego=True))
    answers = []
    for model in (ours, lightgcn):
        encoded = model(graph)
        states = torch.cat([encoded.users, encoded.items])
        weights = torch.randn(states.shape, generator=torch.Generator().manual_seed(2))
        tables = [model.embedding.users, model.embedding.items]
        answers.append([states, *encoded.layers, *torch.autograd.grad((states * weights).sum(), tables)])
    for one, other in zip(*answers, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-5, atol=1e-5)
    assert torch.equal(ours.known_items(graph), lightgcn.known_items(graph))


@pytest.mark.parametrize("activation", [None, "elu"])
@pytest.mark.parametrize(
    ("conv", "weights"),
    [(SAGE, None), (GATV2, "edge_attr"), (TRANSFORMER, "edge_attr"), (partial(GCNConv, 6, 6), None)],
)
def test_a_convolution_is_its_own_forward_on_explicit_edges(
    conv: Callable[[], nn.Module], weights: str | None, activation: str | None
) -> None:
    """States, and gradients in the tables; cold items, which know nothing, have a state of 0."""
    model = pyg(conv, weights, activation).double()
    for one in model.convs.parameters():
        torch.nn.init.normal_(one, std=0.3)  # biases too, which begin at 0
    index, first = plain_edges(), start(model)
    degree = torch.bincount(index[1], minlength=24).double()
    between = (degree[index[0]] * degree[index[1]]).rsqrt()[:, None]
    more = () if weights is None else (between,)
    one = model.convs[0](first, index, *more)
    two = model.convs[1](one if activation is None else nn.functional.elu(one), index, *more)
    layers = [first, one if activation is None else nn.functional.elu(one), two]
    assert int((degree == 0).sum()) == 1  # a cold item, which the bias of the convolution would give a state
    expected = torch.stack(layers).mean(0) * (degree > 0)[:, None]
    agree(model, BipartiteGraph(TRAIN, Symmetric(), None).double(), expected)


@pytest.mark.parametrize(("conv", "weights"), [(SAGE, None), (GATV2, "edge_attr"), (TRANSFORMER, "edge_attr")])
def test_gradients_are_finite_and_every_weight_has_one(conv: Callable[[], nn.Module], weights: str | None) -> None:
    model = pyg(conv, weights, "relu")
    encoded = model(BipartiteGraph(TRAIN, Symmetric(), None))
    (encoded.users.square().sum() + encoded.items.square().sum()).backward()
    for name, weight in model.named_parameters():
        assert weight.grad is not None, name
        assert torch.isfinite(weight.grad).all(), name
    assert len({id(weight) for layer in model.convs for weight in layer.parameters()}) == len(
        [weight for layer in model.convs for weight in layer.parameters()]
    )


def test_perturbation_reaches_every_layer() -> None:
    seen = []

    def perturb(states: Tensor, layer: int) -> Tensor:
        seen.append(layer)
        return states * 0

    encoded = pyg(SAGE, readout=Last())(BipartiteGraph(TRAIN, Symmetric(), None), perturb)
    assert seen == [1, 2]
    assert not torch.stack(encoded.layers[1:]).any()


def test_nothing_is_claimed_that_a_convolution_need_not_have() -> None:
    model, graph = pyg(LGCONV, "edge_weight"), BipartiteGraph(TRAIN, Symmetric(), None)
    assert not model.linear
    assert not model.column_separable
    assert model.fold_in(graph) is None
    with pytest.raises(UserError, match="need not be linear"):
        model.linear_terms(graph, 1.0)


@pytest.mark.parametrize(
    ("conv", "said"),
    [
        (
            partial(RGCNConv, 6, 6, 2),
            r"RGCNConv\.forward needs x, edge_index, edge_type; one that needs x and edge_index",
        ),
        (
            partial(HGTConv, 6, 6, (["user"], [("user", "to", "user")])),
            r"HGTConv\.forward needs x_dict, edge_index_dict",
        ),
        (partial(nn.Linear, 6, 6), r"Linear\.forward needs input; one that needs x and edge_index wanted"),
    ],
)
def test_other_inputs_are_refused(conv: Callable[[], nn.Module], said: str) -> None:
    with pytest.raises(UserError, match=said):
        pyg(conv)


def test_weights_without_an_argument_are_refused() -> None:
    with pytest.raises(
        UserError, match=r"weights=edge_weight: SAGEConv\.forward has no such argument, but x, edge_index"
    ):
        pyg(SAGE, "edge_weight")


def test_another_width_is_refused() -> None:
    with pytest.raises(UserError, match=r"GATv2Conv makes states \[24, 12\] of \[24, 6\]"):
        pyg(partial(GATv2Conv, 6, 6, heads=2))(BipartiteGraph(TRAIN, Symmetric(), None))


def test_strength_that_a_convolution_cannot_read_is_refused() -> None:
    strength = torch.ones(len(TRAIN)).double()
    alike = BipartiteGraph(TRAIN, Symmetric(), None, {"given": FixedStrength(strength)})
    assert pyg(SAGE)(alike).users.isfinite().all()
    strength[3] = 2
    with pytest.raises(UserError, match=r"SAGEConv takes no weights, but edges of this graph= differ in strength"):
        pyg(SAGE)(BipartiteGraph(TRAIN, Symmetric(), None, {"given": FixedStrength(strength)}))


class TestLGConv(EncoderCase):
    def make(self, embedding: NodeEmbedding) -> PyGEncoder:
        return PyGEncoder(embedding, 2, Mean(ego=True), LGCONV, "edge_weight", None)


class TestSAGE(EncoderCase):
    def make(self, embedding: NodeEmbedding) -> PyGEncoder:
        return PyGEncoder(embedding, 2, Mean(ego=True), partial(SAGEConv, 4, 4), None, "relu")


class TestGATv2(EncoderCase):
    def make(self, embedding: NodeEmbedding) -> PyGEncoder:
        conv = partial(GATv2Conv, 4, 4, concat=False, add_self_loops=False, edge_dim=1)
        return PyGEncoder(embedding, 2, Last(), conv, "edge_attr", None)


class TestTransformer(EncoderCase):
    def make(self, embedding: NodeEmbedding) -> PyGEncoder:
        conv = partial(TransformerConv, 4, 4, concat=False, edge_dim=1)
        return PyGEncoder(embedding, 2, Mean(ego=True), conv, "edge_attr", None)
