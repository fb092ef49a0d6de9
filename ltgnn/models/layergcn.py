"""LayerGCN: each layer counts by its likeness to the first."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from ltgnn.models.lightgcn import LightGCN
from ltgnn.types import Graph


class LayerGCN(LightGCN):
    """``x_(l+1) = cos(A x_l, x_0) * A x_l``, node by node (Zhou et al., ICDE 2023, arXiv:2207.11088).

    Its readout is the sum of layers 1..L; its pruning of edges by degree is not part of it. A node
    whose first state is 0 (a cold item without text) takes what it hears as it is.
    """

    def step(self, graph: Graph, layers: Sequence[Tensor]) -> Tensor:
        heard = super().step(graph, layers)
        likeness = F.cosine_similarity(heard, layers[0], dim=-1)
        likeness = torch.where(layers[0].any(1), likeness, torch.ones_like(likeness))
        return likeness[:, None] * heard
