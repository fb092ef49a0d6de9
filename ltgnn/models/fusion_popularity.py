"""The rarer an item, the more its content counts."""

from __future__ import annotations

import math
from typing import Annotated, ClassVar

import torch
from annotated_types import Ge, Gt, Lt
from torch import Tensor, nn
from torch.nn import functional as F

from ltgnn.models.fusion import Mix, Projector
from ltgnn.types import UserError


class PopularityGate(Mix):
    """``(1 - w_c) id + w_c content``, ``w_c = sigmoid(b - softplus(a) log c)`` for an item with ``c`` train pairs.

    ``a`` and ``b`` are learned; whatever they are, the weight of the content falls with popularity, and it is 1 for an
    item without interactions. ``at_one`` and ``falling`` are where training starts: the weight of the content at
    ``c = 1``, and softplus(a), the power of ``c`` by which its odds fall.
    """

    note: ClassVar[str] = "fusion=popularity_gate: its weights depend only on counts and are held constant."

    def __init__(
        self,
        dim: int,
        features_dim: int,
        projector: Projector,
        at_one: Annotated[float, Gt(0), Lt(1)],
        falling: Annotated[float, Gt(0)],
        id_dropout: Annotated[float, Ge(0), Lt(1)] = 0.0,
    ) -> None:
        super().__init__(dim, features_dim, projector, id_dropout)
        if not 0 < at_one < 1 or falling <= 0:
            raise UserError(
                f"fusion.at_one={at_one}, fusion.falling={falling} given; 0 < at_one < 1 and falling > 0 wanted."
            )
        self.start = nn.Parameter(torch.tensor(math.log(at_one / (1 - at_one))))
        self.slope = nn.Parameter(torch.tensor(math.log(math.expm1(falling))))

    def content_weight(self, counts: Tensor) -> Tensor:
        """Weight of the content by train count.  [I] -> [I]"""
        weight = torch.sigmoid(self.start - F.softplus(self.slope) * counts.clamp(min=1).to(self.start.dtype).log())
        return torch.where(counts > 0, weight, torch.ones_like(weight))

    def mix(self, ids: Tensor, content: Tensor, counts: Tensor) -> Tensor:
        weight = self.content_weight(counts)[:, None]
        return (1 - weight) * ids + weight * content

    def share(self, ids: Tensor, content: Tensor, counts: Tensor) -> Tensor:
        """Weight of the id.  [I, 1]"""
        return 1 - self.content_weight(counts)[:, None]

    def carry(self, part: Tensor, ids: Tensor, content: Tensor, counts: Tensor) -> Tensor:
        """``w_c part``"""
        return self.content_weight(counts)[:, None] * part
