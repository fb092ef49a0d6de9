"""Ranks of held-out items among all candidates, for metrics that look past the list."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ltgnn.evaluation.exact_topk import order_bits
from ltgnn.evaluation.metric import metric

Floats = NDArray[np.float32]
Flags = NDArray[np.bool_]
Counts = NDArray[np.int64]

RUN = 1024  # flags counted per block
BOUNDS = 24  # up to this many comparisons with a row cost less than sorting it


@dataclass(frozen=True)
class Ranks:
    """One row per held-out pair. ``above`` and ``equal`` count the candidates of that user with a higher and with the
    same score; ``equal`` counts the item itself."""

    rows: Tensor  # [p] int64, place of the user among the n evaluated ones
    scores: Tensor  # [p] float32, -inf where the item was not a candidate
    above: Tensor  # [p] int64
    equal: Tensor  # [p] int64
    candidates: Tensor  # [n] int64, items with a score above -inf

    @cached_property
    def won(self) -> Tensor:
        """Share of the user's negatives (candidates not held out) that each held-out item beats; a tie is half.  [p]

        nan without negatives. A held-out item that was not a candidate ranks above none.
        """
        keys = (self.rows << 32) + order_bits(self.scores)  # by user, then by score
        known = keys.sort().values
        last = torch.searchsorted(known, (self.rows << 32) + 0x7FFFFFFF, right=True)
        up_to = torch.searchsorted(known, keys, right=True)
        equal = self.equal - (up_to - torch.searchsorted(known, keys))  # only negatives from here on
        above = self.above - (last - up_to)
        scored = self.scores > -torch.inf
        negatives = self.candidates - torch.bincount(self.rows[scored], minlength=self.candidates.numel())
        negatives = negatives[self.rows]
        beaten = torch.where(scored, negatives - above - 0.5 * equal, 0.0).double()
        return torch.where(negatives > 0, beaten / negatives, torch.nan)


@metric("ranks")
def auc(ranks: Ranks, inside: Tensor) -> Tensor:
    """AUC of the user: the chance that a random held-out item is ranked above a random negative, ties half.

    Over all negatives, none sampled (Rendle et al., UAI 2009; averaged over users it is called GAUC). In an item group,
    the held-out items are those of the group, the negatives those of the full catalogue.
    """
    rows, won = ranks.rows[inside], ranks.won[inside]
    users = ranks.candidates.numel()
    total = torch.zeros(users, dtype=torch.float64).index_add_(0, rows, won)
    return total / torch.bincount(rows, minlength=users)


def places(scores: Tensor, counts: Tensor, items: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Ranks of the given entries of ``scores`` [b, I] in their rows.

    ``counts`` [b] wanted entries of each row, never increasing; ``items`` [p] their columns, row after row. Gives the
    score of each, the number of higher and of equal scores in its row, 3 x [p], and the number of scores above -inf of
    each row [b]. Exact under ties; never more than a few rows of flags.
    """
    ends = torch.cumsum(counts, 0)
    values = scores[torch.repeat_interleave(counts), items]
    counted = _on_cpu if scores.device.type == "cpu" else count_in_order
    above, reached, candidates = counted(scores, values, ends - counts, ends)
    return values, above, reached - above, candidates


def count_in_order(scores: Tensor, values: Tensor, starts: Tensor, ends: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Scores above each value, at or above it, and above -inf: one wanted entry of every row at a time."""
    above, reached = torch.empty_like(values, dtype=torch.int64), torch.empty_like(values, dtype=torch.int64)
    counts = ends - starts
    for number in range(int(counts[0])):
        active = int((counts > number).sum())
        entries = starts[:active] + number
        bound = values[entries, None]
        above[entries] = (scores[:active] > bound).sum(1)
        reached[entries] = (scores[:active] >= bound).sum(1)
    return above, reached, (scores > -torch.inf).sum(1)


def _on_cpu(scores: Tensor, values: Tensor, starts: Tensor, ends: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """The same, row by row, so that a row stays in the cache; the rows are shared out among threads.

    numpy compares floats eight times as fast as torch 2.13 does, and lets other threads run meanwhile.
    """
    table, wanted = scores.numpy(), values.numpy()
    above, reached = (np.empty(len(wanted), dtype=np.int64) for _ in range(2))
    candidates = np.empty(len(table), dtype=np.int64)
    spans = list(zip(starts.tolist(), ends.tolist(), strict=True))

    def count(rows: range) -> None:
        flags = np.zeros((2 * BOUNDS + 1, -(-table.shape[1] // RUN) * RUN), dtype=np.bool_)
        for row in rows:
            span = slice(*spans[row])
            above[span], reached[span], candidates[row] = row_places(table[row], wanted[span], flags)

    threads = min(torch.get_num_threads(), len(table))
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(count, (range(first, len(table), threads) for first in range(threads))))
    return torch.from_numpy(above), torch.from_numpy(reached), torch.from_numpy(candidates)


def row_places(row: Floats, bounds: Floats, flags: Flags) -> tuple[Counts, Counts, int]:
    """Entries of ``row`` [I] above each of ``bounds`` [p], those at or above it, and those above -inf.

    Few bounds are compared with the whole row, many meet the sorted row. ``flags`` [2 BOUNDS + 1, I or more] is scratch
    memory, False beyond column I.
    """
    p, width = len(bounds), len(row)
    if p > BOUNDS:
        ordered = np.sort(row)
        last, first = (width - np.searchsorted(ordered, bounds, side) for side in ("right", "left"))
        return last, first, width - int(np.searchsorted(ordered, -np.inf, "right"))
    np.greater(row, bounds[:, None], out=flags[:p, :width])
    np.greater_equal(row, bounds[:, None], out=flags[p : 2 * p, :width])
    np.greater(row, -np.inf, out=flags[2 * p, :width])
    found = count_true(flags[: 2 * p + 1])
    return found[:p], found[p : 2 * p], int(found[2 * p])


def count_true(flags: Flags) -> Counts:
    """True entries per row of a contiguous bool matrix [b, w RUN], eight at a time.

    Each byte of a 64-bit word is a counter, and RUN / 8 summands cannot overflow it.
    """
    counters = flags.view(np.uint64).reshape(len(flags), -1, RUN // 8).sum(2)
    counted: Counts = counters.view(np.uint8).sum(1, dtype=np.int64)
    return counted
