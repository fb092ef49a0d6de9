"""LightGCN's forward against PyG's, and the readouts by hand."""

from __future__ import annotations

from functools import partial

import pytest
import torch

from ltgnn.graph.bipartite import BipartiteGraph
from ltgnn.graph.normalisation import Symmetric
from ltgnn.models.embedding import NodeEmbedding
from ltgnn.models.fusion import ContentOnly, Id
from ltgnn.models.lightgcn import LightGCN
from ltgnn.models.projection import Linear
from ltgnn.models.readout import Last, LayerReadout, Mean, Sum
from ltgnn.types import Interactions
from tests.conftest import random_interactions


def build(train: Interactions, num_layers: int, readout: LayerReadout, dim: int = 8) -> LightGCN:
    init = partial(torch.nn.init.normal_, std=0.1)
    return LightGCN(NodeEmbedding(train, dim, init, Id, None), num_layers, readout)


@pytest.mark.parametrize("num_layers", [1, 2, 3])
def test_equals_pyg(num_layers: int) -> None:
    from torch_geometric.nn.models import LightGCN as Reference

    train = random_interactions(20, 30, 0.2, seed=num_layers)
    model = build(train, num_layers, Mean(ego=True))
    encoded = model(BipartiteGraph(train, Symmetric(), None))

    reference = Reference(50, 8, num_layers)
    with torch.no_grad():
        reference.embedding.weight.copy_(torch.cat([model.embedding.users, model.embedding.items]))
    ends = torch.stack([train.users, train.items + train.num_users])
    expected = reference.get_embedding(torch.cat([ends, ends.flip(0)], 1))  # both directions: a symmetric graph
    torch.testing.assert_close(torch.cat([encoded.users, encoded.items]), expected, rtol=1e-5, atol=1e-6)
    assert not torch.allclose(encoded.layers[0], encoded.layers[1])  # it does propagate


def test_no_layers_is_matrix_factorisation(tiny: Interactions) -> None:
    model = build(tiny, 0, Mean(ego=True))
    encoded = model(BipartiteGraph(tiny, Symmetric(), None))
    torch.testing.assert_close(encoded.items, model.embedding.items * (tiny.item_counts > 0)[:, None])


def test_readouts_by_hand() -> None:
    layers = [torch.tensor([[1.0]]), torch.tensor([[2.0]]), torch.tensor([[6.0]])]
    assert Mean(ego=True)(layers).item() == 3
    assert Mean(ego=False)(layers).item() == 4
    assert Mean(ego=0.25)(layers).item() == pytest.approx(0.25 * 1 + 0.75 * 4)
    assert Mean(ego=0.25)(layers[:1]).item() == 1
    assert Sum(ego=True)(layers).item() == 9
    assert Sum(ego=False)(layers).item() == 8
    assert Last()(layers).item() == 6


def test_perturbation_reaches_every_layer(tiny: Interactions) -> None:
    model, seen = build(tiny, 3, Last()), []

    def perturb(states: torch.Tensor, layer: int) -> torch.Tensor:
        seen.append(layer)
        return states * 0

    encoded = model(BipartiteGraph(tiny, Symmetric(), None), perturb)
    assert not torch.stack(encoded.layers[1:]).any()
    assert seen == [1, 2, 3]


@pytest.mark.parametrize("readout", [Mean(ego=True), Mean(ego=False), Mean(ego=0.2), Sum(ego=False), Last()])
def test_cold_items_differ_whatever_the_readout(tiny: Interactions, readout: LayerReadout) -> None:
    """Item 4 has no neighbour: a readout without layer 0 would make it zero, and tie it with all other cold items."""
    text = torch.randn(5, 3, generator=torch.Generator().manual_seed(0))
    embedding = NodeEmbedding(tiny, 8, torch.nn.init.normal_, partial(ContentOnly, projector=Linear), text)
    encoded = LightGCN(embedding, 2, readout)(BipartiteGraph(tiny, Symmetric(), None))
    share = encoded.items[4] / encoded.layers[0][4 + 4]
    torch.testing.assert_close(share, share[:1].expand(8))
    assert share[0] > 0
