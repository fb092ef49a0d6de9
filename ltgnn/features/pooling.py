"""How the states of a text's tokens become one vector."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from torch import Tensor

Pooling = Callable[[Tensor, Tensor], Tensor]
"""``(token states [B, T, D], mask [B, T], 1 = token, 0 = padding) -> [B, D]``."""


def mean(states: Tensor, mask: Tensor) -> Tensor:
    """Mean over the tokens, special ones included (as sentence-transformers does)."""
    weight = mask.unsqueeze(-1).to(states.dtype)
    return (states * weight).sum(1) / weight.sum(1)


def cls(states: Tensor, mask: Tensor) -> Tensor:
    """The first token."""
    return states[:, 0]


def peak(states: Tensor, mask: Tensor) -> Tensor:
    """The maximum over the tokens, column by column."""
    return states.masked_fill(~mask.bool().unsqueeze(-1), -torch.inf).amax(1)


def last(states: Tensor, mask: Tensor) -> Tensor:
    """The last token that is not padding (decoder models)."""
    positions = torch.arange(mask.size(1), device=mask.device)
    return states[torch.arange(len(states), device=states.device), (positions * mask).argmax(1)]


POOLINGS: Mapping[str, Pooling] = {"mean": mean, "cls": cls, "max": peak, "last": last}
