"""LayerGCN: each layer counts by its likeness to the first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import torch
from torch import Tensor
from torch.nn import functional as F

from ltgnn.models.lightgcn import LightGCN
from ltgnn.types import Graph, LinearTerms, UserError


class LayerGCN(LightGCN):
    """``x_(l+1) = cos(A x_l, x_0) * A x_l``, node by node (Zhou et al., ICDE 2023, arXiv:2207.11088).

    Its readout is the sum of layers 1..L; its pruning of edges by degree is not part of it. A node
    whose first state is 0 (a cold item without content) takes what it receives as it is.
    """

    mixes_columns: ClassVar[bool] = True

    def step(self, graph: Graph, layers: Sequence[Tensor]) -> Tensor:
        received = super().step(graph, layers)
        likeness = F.cosine_similarity(received, layers[0], dim=-1)
        likeness = torch.where(layers[0].any(1), likeness, torch.ones_like(likeness))
        return likeness[:, None] * received

    def linear_terms(self, graph: Graph, norm_power: float, match: tuple[float, Tensor] | None = None) -> LinearTerms:
        raise UserError(
            "this model's score is not a sum over the history: it weighs each message by its similarity to the first "
            "state."
        )
