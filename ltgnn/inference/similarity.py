"""How similar an item is to all others: by its vectors, its features or its users."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional as F

from ltgnn.types import Interactions, UserError

By = Literal["model", "features", "users"]


def cosines_with(item: int, by: By, train: Interactions, features: Tensor | None, vectors: Tensor | None) -> Tensor:
    """Cosine of one item with all, of the vectors that rank [I, d], the features [I, D] or the sets of users.  [I]"""
    if by == "users":
        counts = train.item_counts.float()
        inside = torch.isin(train.users, train.users[train.items == item])
        both = torch.bincount(train.items[inside], minlength=train.num_items)
        return both / (counts * counts[item]).sqrt().clamp_min(1e-12)
    if by not in ("model", "features"):
        raise UserError(f"by={by} given; model, features or users wanted.")
    table = features if by == "features" else vectors
    if table is None:
        lacks = "item features" if by == "features" else "item vectors (its score is not an inner product)"
        raise UserError(f"by={by}: this model has no {lacks}. Set by=users.")
    unit = F.normalize(table.float(), dim=1)
    return unit @ unit[item]
