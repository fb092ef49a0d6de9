"""Test-time aggregation: a trained model's neighbours are averaged in once, before it ranks."""

from __future__ import annotations

from typing import Annotated

import torch
from annotated_types import Ge
from torch import Tensor

from ltgnn.types import Encoded, Interactions


class TagCF:
    """``u + weight * sum over the user's items of n_u^user_power n_i^item_power i``, and items likewise from users.

    ``n`` are train counts. Only nodes with at most ``max_count`` interactions change; None: all. Source: Ju et al.,
    "How does message passing improve collaborative filtering?" (NeurIPS 2024, arXiv:2404.08660): gains for users of
    low degree, from models that were trained without a graph.
    """

    def __init__(
        self, weight: float, user_power: float, item_power: float, max_count: Annotated[int, Ge(0)] | None, items: bool
    ) -> None:
        self.weight, self.user_power, self.item_power = weight, user_power, item_power
        self.max_count, self.items = max_count, items

    def __call__(self, encoded: Encoded, train: Interactions) -> Encoded:
        users, items = train.users.to(encoded.users.device), train.items.to(encoded.users.device)
        user_counts, item_counts = (c.to(users.device) for c in (train.user_counts, train.item_counts))
        edge = self.weight * user_counts[users] ** float(self.user_power) * item_counts[items] ** float(self.item_power)
        edge = edge.to(encoded.users.dtype)
        to_users = self._add(encoded.users, encoded.items, users, items, edge, user_counts)
        if not self.items:
            return encoded._replace(users=to_users)
        return encoded._replace(
            users=to_users, items=self._add(encoded.items, encoded.users, items, users, edge, item_counts)
        )

    def _add(
        self, result: Tensor, other: Tensor, targets: Tensor, sources: Tensor, edge: Tensor, counts: Tensor
    ) -> Tensor:
        total = torch.zeros_like(result)
        for pairs in torch.arange(len(targets), device=result.device).split(2**18):  # never all edges' vectors at once
            total.index_add_(0, targets[pairs], edge[pairs, None] * other[sources[pairs]])
        if self.max_count is not None:
            total[counts > self.max_count] = 0
        return result + total
