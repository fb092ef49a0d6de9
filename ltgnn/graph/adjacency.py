"""The weighted adjacency of a graph by rows, made in little more memory than it takes itself."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

import torch
from torch import Tensor

Normalisation = Callable[[Tensor, Tensor], Tensor]
"""``(degree of the receiver [M], of the sender [M]) -> weight of the message [M]``"""

BLOCK = 2**22
"""Messages that are weighted at a time: what is kept of them is half as wide as what they are computed in."""


class Messages(NamedTuple):
    """Directed edges, one message each."""

    receivers: Tensor  # [M] int64
    senders: Tensor  # [M] int64
    strength: Tensor | None  # [M] float64; None: all 1

    def blocks(self, order: Tensor, size: int) -> Iterable[tuple[slice, Tensor, Tensor, Tensor]]:
        """Places in ``order`` [M] and the receivers, senders and strengths there, ``size`` at a time."""
        for start in range(0, len(order), size):
            rows = order[start : start + size]
            strength = self.strength[rows] if self.strength is not None else rows.new_ones((), dtype=torch.float64)
            yield slice(start, start + len(rows)), self.receivers[rows], self.senders[rows], strength


def concatenate_messages(messages: Iterable[Messages]) -> Messages:
    """All of them, in that order."""
    several = list(messages)
    if len(several) == 1:
        return several[0]
    ones = torch.ones(1, dtype=torch.float64)
    strengths = [ones.expand(len(m.senders)) if m.strength is None else m.strength for m in several]
    return Messages(
        torch.cat([m.receivers for m in several]), torch.cat([m.senders for m in several]), torch.cat(strengths)
    )


def degrees(messages: Iterable[Messages], size: int) -> Tensor:
    """What each of ``size`` nodes receives, added up in the order of the messages.  [N] float64"""
    found = torch.zeros(size, dtype=torch.float64)
    ones = torch.ones(1, dtype=torch.float64)
    for receivers, _, strength in messages:
        found.index_add_(0, receivers, ones.expand(len(receivers)) if strength is None else strength)
    return found


class Rows(NamedTuple):
    """Some rows of an adjacency, one behind the other."""

    lengths: Tensor  # [N] int64, 0 for the other nodes
    columns: Tensor  # [M] senders, ascending within a row; int32 where it is wide enough
    forth: Tensor  # [M] float32, weight of the message
    back: Tensor  # [M] float32, weight of the message the other way; the same tensor object where all are equal


def rows_of(messages: Messages, degree: Tensor, normalisation: Normalisation, block: int = BLOCK) -> Rows:
    """The rows of the receivers; a weight is normalisation times strength, in float64, ``block`` of them at a time."""
    size, total = len(degree), len(messages.senders)
    order = torch.argsort(messages.receivers * size + messages.senders, stable=True)
    columns = torch.empty(total, dtype=torch.int32 if size < 2**31 else torch.int64)
    forth = torch.empty(total)
    back: Tensor | None = None
    for place, receivers, senders, strength in messages.blocks(order, block):
        columns[place] = senders
        to, of = degree[receivers], degree[senders]
        one, other = strength * normalisation(to, of), strength * normalisation(of, to)
        forth[place] = one
        if back is None and not torch.equal(one, other):
            back = forth.clone()
        if back is not None:
            back[place] = other
    return Rows(torch.bincount(messages.receivers, minlength=size), columns, forth, forth if back is None else back)
