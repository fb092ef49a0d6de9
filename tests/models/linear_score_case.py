"""What tests of linear score share."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from torch import Tensor, nn

from ltgnn.models.embedding import NodeEmbedding
from ltgnn.models.fusion import Id
from ltgnn.models.lightgcn import LightGCN
from ltgnn.models.readout import Mean
from ltgnn.types import Graph
from tests.conftest import random_interactions

TRAIN = random_interactions(10, 14, 0.3, seed=4)


class WeightedGCN(LightGCN):
    """A model of a user's own, which may well be linear."""

    def step(self, graph: Graph, layers: Sequence[Tensor]) -> Tensor:
        return 2 * super().step(graph, layers)


def model(kind: type[LightGCN]) -> LightGCN:
    return kind(NodeEmbedding(TRAIN, 6, partial(nn.init.normal_, std=0.1), Id, None), 2, Mean(True))
