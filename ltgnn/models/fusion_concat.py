"""Id and features side by side, mapped back to the model's width."""

from __future__ import annotations

from typing import Annotated, ClassVar

import torch
from annotated_types import Ge, Lt
from torch import Tensor, nn

from ltgnn.models.fusion import Mix, Projector


class Concat(Mix):
    """``W [id; projected features] + b``; starts at the mean of both, ``W = [I I] / 2``."""

    note: ClassVar[str] = "fusion=concat: the bias, the same for all items, counts with the ids."

    def __init__(
        self, dim: int, features_dim: int, projector: Projector, id_dropout: Annotated[float, Ge(0), Lt(1)] = 0.0
    ) -> None:
        super().__init__(dim, features_dim, projector, id_dropout)
        self.both = nn.Linear(2 * dim, dim)
        with torch.no_grad():
            self.both.weight.copy_(torch.eye(dim).repeat(1, 2) / 2)
            self.both.bias.zero_()

    def mix(self, ids: Tensor, content: Tensor, counts: Tensor) -> Tensor:
        return self.both(torch.cat([ids, content], -1))  # type: ignore[no-any-return]

    def parts(self, ids: Tensor, features: Tensor, counts: Tensor) -> tuple[Tensor, Tensor]:
        """``W_1 id + b`` and ``W_2 projected features``."""
        left, right = self.both.weight.split(ids.shape[1], dim=1)
        return ids @ left.T + self.both.bias, self.project(features) @ right.T

    def carry(self, part: Tensor, ids: Tensor, content: Tensor, counts: Tensor) -> Tensor:
        """``W_2 part``"""
        return part @ self.both.weight[:, ids.shape[1] :].T
