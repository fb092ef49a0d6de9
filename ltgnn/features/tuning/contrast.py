"""The contrastive loss over a square of similarities, for objectives that pair texts."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F


def symmetric_info_nce(similarity: Tensor, not_negative: Tensor) -> Tensor:
    """Mean of the InfoNCE losses along rows and columns of ``similarity`` [B, B]; the diagonal is the positive.

    Entries off the diagonal that are marked in ``not_negative`` take no part.
    """
    distinct = not_negative & ~torch.eye(len(similarity), dtype=torch.bool, device=similarity.device)
    logits = similarity.masked_fill(distinct, -torch.inf)
    target = torch.arange(len(logits), device=logits.device)
    return (F.cross_entropy(logits, target) + F.cross_entropy(logits.T, target)) / 2
