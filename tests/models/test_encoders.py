"""LightGCN++, LayerGCN, the item-item channel and AlphaRec against dense or looped definitions in float64."""

from __future__ import annotations

from functools import partial

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from ltgnn.graph.bipartite import BipartiteGraph
from ltgnn.graph.normalisation import Power, Symmetric
from ltgnn.graph.semantic import ItemGraph, SimilarItems
from ltgnn.models.alpharec import ContentNodes
from ltgnn.models.embedding import NodeEmbedding
from ltgnn.models.fusion import ContentOnly, Id, Sum
from ltgnn.models.layergcn import LayerGCN
from ltgnn.models.lightgcn import LightGCN
from ltgnn.models.projection import MLP, Linear
from ltgnn.models.readout import Mean
from ltgnn.models.readout import Sum as SumOfLayers
from ltgnn.models.side_channel import SideChannel
from ltgnn.types import Interactions, ItemContent, UserError
from tests.conftest import random_interactions

TRAIN = random_interactions(10, 14, 0.3, seed=4)
TEXT = torch.randn(14, 5, generator=torch.Generator().manual_seed(0)).double()
INIT = partial(torch.nn.init.normal_, std=0.1)


def nodes(fusion: object = Id) -> NodeEmbedding:
    torch.manual_seed(0)
    return NodeEmbedding(TRAIN, 6, INIT, fusion, None if fusion is Id else TEXT)  # type: ignore[arg-type]


def adjacency() -> Tensor:
    matrix = torch.zeros(24, 24, dtype=torch.float64)
    matrix[TRAIN.users, TRAIN.items + 10] = 1
    return matrix + matrix.T


def symmetric() -> Tensor:
    degree = adjacency().sum(1)
    scale = torch.where(degree > 0, degree, 1.0).rsqrt()
    return scale[:, None] * adjacency() * scale


def agree(model: LightGCN, graph: BipartiteGraph, expected: Tensor) -> None:
    """Values, and gradients in the two tables."""
    encoded, tables = model(graph), [model.embedding.users, model.embedding.items]
    ours, weights = torch.cat([encoded.users, encoded.items]), torch.randn(24, 6, dtype=torch.float64)
    pairs = [(ours, expected)]
    found, wanted = (torch.autograd.grad((x * weights).sum(), tables) for x in (ours, expected))
    for one, other in [*pairs, *zip(found, wanted, strict=True)]:
        torch.testing.assert_close(one, other, rtol=1e-6, atol=1e-6 * other.abs().max().item())


def start(model: LightGCN) -> Tensor:
    assert model.embedding.users is not None
    assert model.embedding.items is not None
    return torch.cat([model.embedding.users, model.embedding.items * (TRAIN.item_counts > 0)[:, None]])


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


class Live(ItemContent):
    """Text that is trained."""

    def __init__(self) -> None:
        super().__init__()
        self.values = torch.nn.Parameter(TEXT.float())

    def forward(self) -> Tensor:
        return self.values


@pytest.mark.parametrize("live", [False, True])
def test_alpharec_by_loop(live: bool) -> None:
    torch.manual_seed(0)
    text = Live() if live else TEXT.float()
    model = LightGCN(
        ContentNodes(TRAIN, 6, INIT, partial(ContentOnly, projector=partial(MLP, hidden=7)), text), 2, Mean(True)
    )
    project, features = model.embedding.fusion.projector, TEXT.float()
    users = [features[TRAIN.items[TRAIN.users == u]].mean(0) for u in range(10)]
    first = project(torch.cat([torch.stack(users), features]))
    matrix = symmetric().float()
    expected = (first + matrix @ first + matrix @ matrix @ first) / 3
    encoded = model(BipartiteGraph(TRAIN, Symmetric(), None))
    torch.testing.assert_close(torch.cat([encoded.users, encoded.items]), expected)
    torch.testing.assert_close(encoded.content, project(features))
    names = {name for name, _ in model.named_parameters()}
    assert not {name for name in names if name.endswith(("users", "items"))}
    if live:
        encoded.users.sum().backward()
        assert text.values.grad.abs().sum() > 0  # type: ignore[union-attr]


def test_cold_user_of_alpharec_is_no_number_out_of_nothing() -> None:
    train = Interactions(torch.tensor([0, 2]), torch.tensor([0, 1]), 3, 14)
    model = ContentNodes(train, 6, INIT, partial(ContentOnly, projector=Linear), TEXT.float())
    torch.testing.assert_close(model()[0][1], model.fusion.projector[0].bias)


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
