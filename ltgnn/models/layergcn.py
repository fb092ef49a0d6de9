"""LayerGCN: each layer counts by its likeness to the first."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor
from torch.nn import functional as F

from ltgnn.models.lightgcn import LightGCN
from ltgnn.types import Graph


class LayerGCN(LightGCN):
    """``x_(l+1) = cos(A x_l, x_0) * A x_l``, node by node (Zhou et al., ICDE 2023, arXiv:2207.11088).

    Its readout is the sum of layers 1..L; its pruning of edges by degree is not part of it.
    """

    def step(self, graph: Graph, layers: Sequence[Tensor]) -> Tensor:
        heard = super().step(graph, layers)
        return F.cosine_similarity(heard, layers[0], dim=-1)[:, None] * heard
