"""What tests of encoders share."""

from __future__ import annotations

from functools import partial

import torch
from torch import Tensor

from ltgnn.graph.bipartite import BipartiteGraph
from ltgnn.models.embedding import NodeEmbedding
from ltgnn.models.fusion import Id
from ltgnn.models.lightgcn import LightGCN
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
