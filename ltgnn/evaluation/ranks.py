"""Where held-out items stand among all candidates: for metrics that look past the list."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from ltgnn.evaluation.topk import order_bits

RUN = 1024  # flags that are counted together


@dataclass(frozen=True)
class Ranks:
    """One row per held-out pair. ``above`` and ``equal`` count the candidates of that user with a higher and with the
    same score; ``equal`` counts the item itself."""

    rows: Tensor  # [p] int64, place of the user among the n evaluated ones
    scores: Tensor  # [p] float32, -inf where the item was no candidate
    above: Tensor  # [p] int64
    equal: Tensor  # [p] int64
    candidates: Tensor  # [n] int64, items with a score above -inf

    @cached_property
    def won(self) -> Tensor:
        """Share of the user's negatives (candidates not held out) that each held-out item beats; a tie is half.  [p]

        nan where there is no negative. A held-out item that was no candidate beats nothing.
        """
        keys = (self.rows << 32) + order_bits(self.scores)  # by user, then by score
        known = keys.sort().values
        last = torch.searchsorted(known, (self.rows << 32) + 0x7FFFFFFF, right=True)
        up_to = torch.searchsorted(known, keys, right=True)
        equal = self.equal - (up_to - torch.searchsorted(known, keys))  # negatives alone from here on
        above = self.above - (last - up_to)
        scored = self.scores > -torch.inf
        negatives = self.candidates - torch.bincount(self.rows[scored], minlength=self.candidates.numel())
        negatives = negatives[self.rows]
        beaten = torch.where(scored, negatives - above - 0.5 * equal, 0.0).double()
        return torch.where(negatives > 0, beaten / negatives, torch.nan)


RankMetric = Callable[[Ranks, Tensor], Tensor]
"""``(ranks, which pairs count [p] bool) -> one number per user``  [n] float64, nan where undefined"""


def auc(ranks: Ranks, inside: Tensor) -> Tensor:
    """AUC of the user: the chance that a random held-out item is ranked above a random negative, ties half.

    Over all negatives, none sampled (Rendle et al., UAI 2009; averaged over users it is called GAUC). In an item group,
    the held-out items are those of the group, the negatives those of the whole catalogue.
    """
    rows, won = ranks.rows[inside], ranks.won[inside]
    users = ranks.candidates.numel()
    total = torch.zeros(users, dtype=torch.float64).index_add_(0, rows, won)
    return total / torch.bincount(rows, minlength=users)


def places(scores: Tensor, counts: Tensor, items: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Score, number of higher scores and number of equal scores in its row, for each wanted entry of ``scores`` [b, I].

    ``counts`` [b] wanted entries of each row, never increasing; ``items`` their columns, row after row.  3 x [sum]
    """
    starts = torch.cumsum(counts, 0) - counts
    values = scores[torch.repeat_interleave(counts), items]
    above, equal = torch.empty_like(items), torch.empty_like(items)
    padded = -(-scores.shape[1] // RUN) * RUN
    flags = torch.zeros(scores.shape[0], padded, dtype=torch.bool, device=scores.device)
    for number in range(int(counts[0])):
        active = int((counts > number).sum())
        entries = starts[:active] + number
        bound = values[entries, None]
        higher = _count(scores[:active], bound, flags[:active], np.greater, torch.gt)
        above[entries] = higher
        equal[entries] = _count(scores[:active], bound, flags[:active], np.greater_equal, torch.ge) - higher
    return values, above, equal


def _count(scores: Tensor, bound: Tensor, flags: Tensor, on_cpu: np.ufunc, elsewhere: Callable[..., Tensor]) -> Tensor:
    """Entries per row for which the comparison with the row's bound holds; ``flags`` is scratch memory.  [b] int64"""
    part = flags[:, : scores.shape[1]]
    if scores.device.type == "cpu":  # numpy compares floats eight times as fast as torch 2.13 does
        on_cpu(scores.numpy(), bound.numpy(), out=part.numpy())
    else:
        elsewhere(scores, bound, out=part)
    return count_true(flags)


def count_true(flags: Tensor) -> Tensor:
    """True entries per row of a contiguous bool matrix [b, w RUN], eight at a time, sixteen times as fast as ``sum``.

    Each byte of a 64-bit word is a counter, and RUN / 8 summands cannot overflow it.
    """
    counters = flags.view(torch.int64).view(flags.shape[0], -1, RUN // 8).sum(2)
    return counters.view(torch.uint8).sum(1, dtype=torch.int64)
