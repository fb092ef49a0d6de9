"""DirectAU: alignment of positive pairs and uniformity of users and items on the sphere."""

from __future__ import annotations

from typing import Annotated

import torch
from annotated_types import Ge
from torch import Tensor, nn
from torch.nn import functional as F

from ltgnn.types import Batch, Encoded, Loss


class DirectAU(nn.Module, Loss):
    """``mean |u - i|^2 + gamma (uniformity(users) + uniformity(items)) / 2`` on normalised states of the batch.

    ``uniformity(x) = log mean over pairs a < b of e^(-2 |x_a - x_b|^2)``; users and items count as often as the batch
    holds them. No negatives. Source: Wang et al., "Towards representation alignment and uniformity in collaborative
    filtering" (KDD 2022, arXiv:2206.12811), eq. 5 and 6.
    """

    local = True

    def __init__(self, gamma: Annotated[float, Ge(0)]) -> None:
        super().__init__()
        self.gamma = gamma

    def forward(self, batch: Batch, main: Encoded, views: list[Encoded]) -> Tensor:
        users = F.normalize(F.embedding(batch.users, main.users), dim=-1)
        items = F.normalize(F.embedding(batch.pos, main.items), dim=-1)
        alignment = (users - items).pow(2).sum(-1).mean()
        return alignment + self.gamma * (uniformity(users) + uniformity(items)) / 2


def uniformity(units: Tensor) -> Tensor:
    """``log mean over pairs a < b of e^(-2 |x_a - x_b|^2)`` of unit vectors [B, d]; 0 for a single one."""
    size = len(units)
    if size < 2:
        return units.sum() * 0
    exponent = -4 * (1 - units @ units.T)  # |a - b|^2 = 2 - 2 <a, b>
    exponent = exponent.masked_fill(torch.eye(size, dtype=torch.bool, device=units.device), -torch.inf)
    pairs = units.new_tensor(float(size * (size - 1)))
    return torch.logsumexp(exponent.flatten(), 0) - pairs.log()
