"""How the states of all layers become the final embedding."""

from __future__ import annotations

from functools import partial

import pytest
import torch
from torch.nn import functional as F

from ltgnn.graph.bipartite import BipartiteGraph
from ltgnn.graph.normalisation import Power
from ltgnn.models.lightgcn import LightGCN
from ltgnn.models.readout import Last, Mean, Sum
from tests.models.encoders_case import TRAIN, adjacency, agree, nodes, start


def test_lightgcnpp_whole() -> None:
    """``gamma e_0 + (1 - gamma) mean(e_1, e_2)`` with messages of length 1 and exponents .6 and -.1."""
    model = LightGCN(nodes(), 2, Mean(ego=0.2)).double()
    graph = BipartiteGraph(TRAIN, Power(0.6, -0.1), None, message=partial(F.normalize, dim=1)).double()
    degree = adjacency().sum(1).clamp(min=1)
    operator = degree.pow(-0.6)[:, None] * adjacency() * degree.pow(0.1)
    layers = [start(model)]
    for _ in range(2):
        layers.append(operator @ (layers[-1] / layers[-1].norm(dim=1, keepdim=True).clamp_min(1e-12)))
    agree(model, graph, 0.2 * layers[0] + 0.8 * (layers[1] + layers[2]) / 2)


def test_readouts_by_hand() -> None:
    layers = [torch.tensor([[1.0]]), torch.tensor([[2.0]]), torch.tensor([[6.0]])]
    assert Mean(ego=True)(layers).item() == 3
    assert Mean(ego=False)(layers).item() == 4
    assert Mean(ego=0.25)(layers).item() == pytest.approx(0.25 * 1 + 0.75 * 4)
    assert Mean(ego=0.25)(layers[:1]).item() == 1
    assert Sum(ego=True)(layers).item() == 9
    assert Sum(ego=False)(layers).item() == 8
    assert Last()(layers).item() == 6
