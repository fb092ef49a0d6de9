"""LayerGCN: each layer counts by its likeness to the first."""

from __future__ import annotations

import torch

from ltgnn.graph.bipartite import BipartiteGraph
from ltgnn.graph.normalisation import Symmetric
from ltgnn.models.layergcn import LayerGCN
from ltgnn.models.readout import Sum as SumOfLayers
from tests.models.encoders_case import TRAIN, adjacency, agree, nodes, start, symmetric


def test_layergcn() -> None:
    model = LayerGCN(nodes(), 3, SumOfLayers(ego=False)).double()
    first = state = start(model)
    total = torch.zeros(24, 6, dtype=torch.float64)
    for _ in range(3):
        heard = symmetric() @ state
        cosine = (heard * first).sum(1) / (heard.norm(dim=1) * first.norm(dim=1)).clamp_min(1e-8)
        state = cosine[:, None] * heard
        total = total + state
    total = torch.where((adjacency().sum(1) > 0)[:, None], total, first)  # ours: a node without neighbours keeps x_0
    agree(model, BipartiteGraph(TRAIN, Symmetric(), None).double(), total)
