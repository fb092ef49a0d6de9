"""A frozen item-item graph in addition to the user-item graph."""

from __future__ import annotations

from functools import partial

import pytest
import torch
from torch.nn import functional as F

from ltgnn.graph.bipartite import BipartiteGraph
from ltgnn.graph.kind_edges import SimilarItemsByKind
from ltgnn.graph.kind_graphs import KindGraphs
from ltgnn.graph.normalisation import Symmetric
from ltgnn.graph.semantic import ItemGraph, SimilarItems
from ltgnn.models.alpharec import ContentNodes
from ltgnn.models.fusion import Sum
from ltgnn.models.projection import Linear
from ltgnn.models.readout import Mean
from ltgnn.models.side_channel import SideChannel
from ltgnn.types import Block, UserError
from tests.models.encoders_case import INIT, TEXT, TRAIN, agree, nodes, start, symmetric


@pytest.mark.parametrize("item_layers", [1, 2])
def test_item_channel(item_layers: int) -> None:
    edges = SimilarItems(3, 0.0, False, False, 1.0)
    channel = partial(ItemGraph, edges=edges, kernel=None)
    model = SideChannel(nodes(partial(Sum, projector=Linear)), 2, Mean(ego=True), channel, item_layers, 0.5).double()
    cosine = F.cosine_similarity(TEXT[:, None], TEXT[None], dim=-1).fill_diagonal_(-2)
    near = torch.zeros(14, 14, dtype=torch.float64)
    for i in range(14):
        for j in cosine[i].argsort(descending=True)[:3].tolist():
            if cosine[i, j] > 0:
                near[i, j] = near[j, i] = 1
    scale = near.sum(1).clamp(min=1).rsqrt()
    side = scale[:, None] * near * scale
    projector = model.embedding.fusion.projector[0]
    first = start(model) + torch.cat([torch.zeros(10, 6), TEXT @ projector.weight.T + projector.bias])
    final = (first + symmetric() @ first + symmetric() @ symmetric() @ first) / 3
    final = final + 0.5 * torch.cat([torch.zeros(10, 6), torch.matrix_power(side, item_layers) @ first[10:]])
    agree(model, BipartiteGraph(TRAIN, Symmetric(), None).double(), final)


def near(features: torch.Tensor, there: list[int]) -> torch.Tensor:
    """``D^-1/2 W D^-1/2``, ``W`` 1 between each of some items and the three nearest others of these."""
    matrix = torch.zeros(14, 14, dtype=torch.float64)
    for i in there:
        others = [(F.cosine_similarity(features[i], features[j], dim=0).item(), j) for j in there if j != i]
        for cosine, j in sorted(others, reverse=True)[:3]:
            if cosine > 0:
                matrix[i, j] = matrix[j, i] = 1
    scale = matrix.sum(1).clamp(min=1).rsqrt()
    return scale[:, None] * matrix * scale


@pytest.mark.parametrize("learned", [False, True])
def test_a_channel_for_each_kind(learned: bool) -> None:
    """FREEDOM's frozen graphs of two kinds, the second of which two items lack; the weights at their start."""
    known = torch.ones(14, dtype=torch.bool)
    known[[1, 6]] = False
    blocks = {"text": Block(slice(0, 3), torch.ones(14, dtype=torch.bool)), "images": Block(slice(3, 5), known)}
    edges = SimilarItemsByKind(SimilarItems(3, 0.0, False, False, 1.0), {"text": 9, "images": 1}).with_blocks(blocks)
    channel = partial(KindGraphs, edges=edges, learned=learned, kernel=None)
    model = SideChannel(nodes(partial(Sum, projector=Linear)), 2, Mean(ego=True), channel, 1, 0.5).double()
    side = 0.9 * near(TEXT[:, :3], list(range(14)))
    side = side + 0.1 * near(TEXT[:, 3:], [i for i in range(14) if i not in (1, 6)])
    projector = model.embedding.fusion.projector[0]
    first = start(model) + torch.cat([torch.zeros(10, 6), TEXT @ projector.weight.T + projector.bias])
    final = (first + symmetric() @ first + symmetric() @ symmetric() @ first) / 3
    final = final + 0.5 * torch.cat([torch.zeros(10, 6), side @ first[10:]])
    agree(model, BipartiteGraph(TRAIN, Symmetric(), None).double(), final)


def test_mistakes_name_the_option() -> None:
    with pytest.raises(UserError, match="set fusion=content"):
        ContentNodes(TRAIN, 6, INIT, partial(Sum, projector=Linear), TEXT.float())
    with pytest.raises(UserError, match="item_layers=0"):
        SideChannel(nodes(), 2, Mean(True), partial(ItemGraph), 0, 1.0)
    with pytest.raises(UserError, match=r"readout.ego=2"):
        Mean(ego=2.0)
    channel = partial(ItemGraph, edges=SimilarItems(3, 0.0, False, False, 1.0), kernel=None)
    with pytest.raises(UserError, match="Set features=minilm"):
        SideChannel(nodes(), 2, Mean(True), channel, 1, 1.0)
