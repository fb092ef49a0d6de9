"""LightGCN's forward against PyG's, and the readouts by hand."""

from __future__ import annotations

from functools import partial

import pytest
import torch

from ltgnn.graph.bipartite import BipartiteGraph
from ltgnn.graph.normalisation import Symmetric
from ltgnn.models.embedding import NodeEmbedding
from ltgnn.models.fusion import Id
from ltgnn.models.lightgcn import LightGCN
from ltgnn.models.readout import Last, LayerReadout, Mean
from ltgnn.types import Interactions
from tests.conftest import random_interactions
from tests.models.linear_score_case import TRAIN, WeightedGCN, model


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


def test_perturbation_reaches_every_layer(tiny: Interactions) -> None:
    model, seen = build(tiny, 3, Last()), []

    def perturb(states: torch.Tensor, layer: int) -> torch.Tensor:
        seen.append(layer)
        return states * 0

    encoded = model(BipartiteGraph(tiny, Symmetric(), None), perturb)
    assert not torch.stack(encoded.layers[1:]).any()
    assert seen == [1, 2, 3]


def test_a_changed_step_takes_the_other_abilities_too() -> None:
    """They rest on the formula of LightGCN, and what a subclass changes need not be linear."""
    graph = BipartiteGraph(TRAIN, Symmetric(), None)
    plain, changed = model(LightGCN), model(WeightedGCN)
    assert plain.column_separable
    assert plain.fold_in(graph) is plain.readout
    assert not changed.column_separable
    assert changed.fold_in(graph) is None
