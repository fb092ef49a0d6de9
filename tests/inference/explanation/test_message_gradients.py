"""Integrated gradients over messages, against a dense model whose edges have factors."""

from __future__ import annotations

from functools import partial

import pytest
import torch
from torch import Tensor
from torch_geometric.nn import GATv2Conv, LGConv, RGCNConv, SAGEConv, TransformerConv

from ltgnn.graph.bipartite import BipartiteGraph
from ltgnn.graph.normalisation import Symmetric
from ltgnn.inference.explanation.message_gradients import explain_score, scaled_messages
from ltgnn.inference.explanation.message_terms import MessageTerms, PairScore
from ltgnn.models.pyg import PyGEncoder
from ltgnn.models.readout import Mean
from tests.models.encoders_case import TRAIN, nodes, start, symmetric
from tests.models.test_pyg_relations import HGT, make

GRAPH = BipartiteGraph(TRAIN, Symmetric(), None)


def score(user: int, item: int) -> tuple[PairScore, PyGEncoder]:
    encoder = PyGEncoder(nodes(), 2, Mean(ego=True), partial(LGConv, normalize=False), "edge_weight", None)
    torch.nn.init.normal_(encoder.embedding.users)  # type: ignore[arg-type]
    torch.nn.init.normal_(encoder.embedding.items)  # type: ignore[arg-type]
    index = encoder.message_index(GRAPH)
    assert index is not None
    return PairScore(MessageTerms(encoder, GRAPH, index, 1.0, False), user, item), encoder


def dense_score(first: Tensor, index: Tensor, factors: Tensor, user: int, item: int) -> Tensor:
    """Two steps of a dense matrix whose entries are multiplied by the factors of their messages."""
    sender, receiver = index
    matrix = symmetric().index_put((receiver, sender), symmetric()[receiver, sender] * factors)
    final = (first + matrix @ first + matrix @ (matrix @ first)) / 3
    return final[user] @ final[10 + item]


def test_it_is_the_integral_of_dense_gradients() -> None:
    """The score is a polynomial of degree 4 in the common factor, so that its integral is exact to 3e-4."""
    model, encoder = score(2, 5)
    index = encoder.message_index(GRAPH)
    assert index is not None
    chosen = (index == 2).any(0)
    found = explain_score(model, index, chosen, 200)
    first, steps, wanted = start(encoder).detach().double(), 400, torch.zeros(len(chosen), dtype=torch.float64)
    for step in range(steps):
        factors = torch.where(chosen, (step + 0.5) / steps, 1.0).double().requires_grad_()
        (gradient,) = torch.autograd.grad(dense_score(first, index, factors, 2, 5), factors)
        wanted += gradient / steps
    torch.testing.assert_close(found.double(), wanted * chosen, rtol=1e-3, atol=1e-5)
    assert not found[~chosen].any()
    with torch.no_grad():
        whole = dense_score(first, index, torch.ones(len(chosen)).double(), 2, 5)
        without = dense_score(first, index, (~chosen).double(), 2, 5)
    assert float(found.sum()) == pytest.approx(float(whole - without), abs=1e-3)


@torch.no_grad()
def test_a_factor_of_0_is_a_message_that_is_not_sent() -> None:
    """Of a sum over neighbours, also where a convolution sends its messages type by type; hooks do not stay."""
    draw = torch.Generator().manual_seed(0)
    index, states = torch.randint(0, 9, (2, 40), generator=draw), torch.randn(9, 4, generator=draw)
    kinds, kept = torch.arange(40) // 14, torch.rand(40, generator=draw) < 0.5
    for conv, more in ((SAGEConv(4, 4, aggr="sum"), ()), (RGCNConv(4, 4, 3, aggr="sum"), (kinds,))):
        whole = conv(states, index, *more)
        with scaled_messages(conv, kept.float()):
            found = conv(states, index, *more)
            assert torch.equal(found, conv(states, index, *more))
        torch.testing.assert_close(found, conv(states, index[:, kept], *[one[kept] for one in more]))
        torch.testing.assert_close(conv(states, index, *more), whole)


@torch.no_grad()
def test_messages_of_a_node_to_itself_stay() -> None:
    """GATv2Conv adds them behind the others; with no other message, each state is its own."""
    conv = GATv2Conv(4, 4, add_self_loops=True)
    index, states = torch.tensor([[0, 1, 2], [1, 2, 3]]), torch.randn(4, 4)
    with scaled_messages(conv, torch.zeros(3)):
        found = conv(states, index)
    assert found.abs().sum(1).gt(0).all()
    torch.testing.assert_close(found[0], conv(states, index)[0])


@pytest.mark.parametrize("which", ["transformer", "hgt"])
def test_the_masks_sum_to_what_the_messages_change(which: str) -> None:
    """For attention too: up to the steps, the score less that without these messages."""
    if which == "hgt":
        encoder, graph = make(HGT)
        encoder = encoder.float()
    else:
        conv, graph = partial(TransformerConv, 6, 6, edge_dim=1), GRAPH  # type: ignore[assignment]
        encoder = PyGEncoder(nodes(), 2, Mean(ego=True), conv, "edge_attr", "elu")
    index = encoder.message_index(graph)
    assert index is not None
    chosen = (index == 2).any(0)
    model = PairScore(MessageTerms(encoder, graph, index, 0.5, False), 2, 5).eval()
    found = explain_score(model, index, chosen, 200)
    with torch.no_grad():
        whole = float(model())
        with scaled_messages(model, (~chosen).float()):
            without = float(model())
    assert abs(whole - without) > 1e-3
    assert float(found.sum()) == pytest.approx(whole - without, rel=2e-2)
