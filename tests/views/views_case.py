"""What tests of views share."""

from __future__ import annotations

from functools import partial

import torch
from torch import Tensor

from ltgnn.graph.bipartite import BipartiteGraph
from ltgnn.graph.normalisation import Symmetric
from ltgnn.models.embedding import NodeEmbedding
from ltgnn.models.fusion import Id
from ltgnn.models.lightgcn import LightGCN
from ltgnn.models.readout import Mean
from ltgnn.types import Encoded
from tests.conftest import random_interactions

TRAIN = random_interactions(12, 15, 0.3, seed=2)

USERS, SIZE, DIM, LAYERS = 12, 27, 6, 3


def model(ego: bool, layers: int = LAYERS) -> LightGCN:
    torch.manual_seed(0)
    init = partial(torch.nn.init.normal_, std=0.1)
    embedding = NodeEmbedding(TRAIN, DIM, init, Id, None)
    return LightGCN(embedding, layers, Mean(ego)).double()


def graph() -> BipartiteGraph:
    return BipartiteGraph(TRAIN, Symmetric(), None).double()


def adjacency(kept: Tensor) -> Tensor:
    """Normalised adjacency of the kept interactions, from their 0/1 matrix."""
    matrix = torch.zeros(SIZE, SIZE, dtype=torch.float64)
    for u, i in zip(TRAIN.users[kept].tolist(), TRAIN.items[kept].tolist(), strict=True):
        matrix[u, USERS + i] = matrix[USERS + i, u] = 1
    degree = matrix.sum(0)
    scale = torch.where(degree > 0, degree, torch.ones_like(degree)) ** -0.5
    return scale[:, None] * matrix * scale[None]


EVERYTHING = torch.ones(len(TRAIN), dtype=torch.bool)


def agree(encoder: LightGCN, ours: list[Encoded], theirs: list[Tensor]) -> None:
    """Final states of all passes, and the gradient of a random weighing of them in the first states."""
    tables = [encoder.embedding.users, encoder.embedding.items]
    weights = [torch.randn(SIZE, DIM, dtype=torch.float64) for _ in ours]
    got = [torch.cat([one.users, one.items]) for one in ours]
    for one, other in zip(got, theirs, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-6, atol=1e-8)
    both = [
        torch.autograd.grad(sum((w * x).sum() for w, x in zip(weights, states, strict=True)), tables, retain_graph=True)
        for states in (got, theirs)
    ]
    for one, other in zip(*both, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-6, atol=1e-8)


def start(encoder: LightGCN) -> Tensor:
    return torch.cat([encoder.embedding.users, encoder.embedding.items])
