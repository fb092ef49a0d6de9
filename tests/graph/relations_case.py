"""What tests of graphs with entities share."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from ltgnn.types import Interactions, Relation
from tests.graph.bipartite_case import shop

TRAIN: Interactions = shop()
"""17 users, 23 items, of which item 22 has no interaction."""


def relations() -> dict[str, Relation]:
    """Two relations to persons, one to brands, and one between items."""
    draw = torch.Generator().manual_seed(2)

    def edges(share: float, width: int) -> tuple[Tensor, Tensor]:
        items, others = (torch.rand(23, width, generator=draw) < share).nonzero().T
        return items.contiguous(), others.contiguous()

    acts, directs = edges(0.2, 9), edges(0.1, 9)
    brand = torch.arange(23), torch.arange(23) % 5
    then = torch.arange(23), torch.arange(23).roll(-1)
    return {
        "actor": Relation(*acts, 9, "person"),
        "director": Relation(*directs, 9, "person"),
        "brand": Relation(*brand, 5, "brand"),
        "then": Relation(*then, 23, "item"),
    }


KINDS = {"person": 0, "brand": 9}
"""First entity of each kind, before any is left out."""


def dense_joined(given: Mapping[str, Relation], weights: Mapping[str, float], least: int = 1) -> Tensor:
    """Raw weights between 17 users, 23 items and those of 14 entities that are left, edge by edge.  float64"""
    matrix = torch.zeros(40 + 14, 40 + 14, dtype=torch.float64)
    for user, item in zip(TRAIN.users.tolist(), TRAIN.items.tolist(), strict=True):
        matrix[user, 17 + item] = matrix[17 + item, user] = 1
    for name, one in given.items():
        for item, other in zip(one.items.tolist(), one.others.tolist(), strict=True):
            node = 17 + other if one.kind == "item" else 40 + KINDS[one.kind] + other
            if node != 17 + item:
                matrix[17 + item, node] += weights[name]
                matrix[node, 17 + item] += weights[name]
    items = (matrix[40:, 17:40] > 0).sum(1)
    left = torch.cat([torch.ones(40, dtype=torch.bool), items >= least])
    return matrix[left][:, left]


def normalise(matrix: Tensor) -> Tensor:
    """``D^-1/2 W D^-1/2``"""
    degree = matrix.sum(1)
    scale = torch.where(degree > 0, degree, 1.0).rsqrt()
    return scale[:, None] * matrix * scale
