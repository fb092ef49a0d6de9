"""Lists of inner products by a first pass in bfloat16: exact, and faster where the processor multiplies such numbers.

Each rough score has a bound of its error, so that the few items that can be listed are known for certain; only these
are scored in float32. LEMP (Teflioudi et al., SIGMOD 2015) and FEXIPRO (Li et al., SIGMOD 2017) bound what they leave
out of a product in this way; here it is what rounding leaves out.
"""

from __future__ import annotations

import threading
import time
from functools import cache
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.linalg import vector_norm

from ltgnn.evaluation.exact_topk import decode_keys, largest, side_by_side

RUN, GROUP = 8, 128
"""Neighbouring items of which only the best is looked at first, and in groups of how many the k-th best is sought."""

MOST = 32
"""A user with more than ``MOST k`` items that could be listed is left unresolved."""

UNREACHABLE = np.iinfo(np.int16).max
"""A bar that no finite score reaches."""


@cache
def is_faster(width: int) -> bool:
    """Whether a product in bfloat16 takes less than half the time of one in float32; measured once, in milliseconds."""

    def seconds(dtype: torch.dtype) -> float:
        left, right, taken = torch.ones(4096, width, dtype=dtype), torch.ones(width, 64, dtype=dtype), []
        for _ in range(4):  # the first warms up
            start = time.perf_counter()
            left @ right
            taken.append(time.perf_counter() - start)
        return min(taken[1:])

    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # as a block is worked at
    try:
        return seconds(torch.bfloat16) < seconds(torch.float32) / 2
    finally:
        torch.set_num_threads(threads)


class RoughMemory(threading.local):
    """Memory for one block of rough scores [items, size] in each thread, allocated at a thread's first use."""

    def __init__(self, num_items: int, size: int) -> None:
        self.scores = torch.empty(num_items, size, dtype=torch.bfloat16)


class Bfloat16TopK:
    """Finds lists of ``k`` for ``users`` [n, d] from ``table`` [d, I], float32 on CPU, in blocks of ``size`` users.

    ``candidates`` [I] bool; None: all items. I is at least ``GROUP k``.
    """

    def __init__(self, users: Tensor, table: Tensor, candidates: Tensor | None, k: int, size: int) -> None:
        self.users, self.items, self.k, self.size = users, table.T.contiguous(), k, size
        self.num_items, dim = self.items.shape
        self.rounded = torch.zeros(-(-self.num_items // GROUP) * GROUP, dim, dtype=torch.bfloat16)
        self.rounded[: self.num_items] = self.items
        self.unknown = None if candidates is None else torch.nonzero(~candidates)[:, 0]
        self.error, self.memory = self._error(), RoughMemory(len(self.rounded), size)

    def _error(self) -> Tensor:
        """By how much a sum of products of rounded numbers can miss the float32 score of any item.  [n] float64

        Cauchy-Schwarz for what rounding took from either side; d roundings of each sum, were they cuts; what is
        so small that it, or its square in a norm, is taken for 0. Infinite where sums might overflow.
        """
        norm, norm_rounded, lost = _norms(self.users)
        items, items_rounded, items_lost = (part.max() for part in _norms(self.items))
        dim = self.items.shape[1]
        sums = dim * 2.0**-22 * (norm * items + norm_rounded * items_rounded)
        error = 1.001 * (lost * items + norm_rounded * items_lost + sums + dim * 2.0**-60 * (1 + norm + items))
        return error.where((norm < 2.0**50) & (items < 2.0**50), torch.inf)  # also where one is nan

    def lists(self, rows: slice, place: Tensor, seen: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Items [b, k] and scores [b, k] of some users, and whether they are resolved [b]; else the lists mean nothing.

        ``place`` and ``seen``: a pair for each item that is not a candidate, user (by the place in the block) and item.
        """
        users = self.users[rows]
        number = len(users)
        block = torch.cat([users, users[-1:].expand(self.size - number, -1)])
        scores = self._scores(block, place, seen)
        best = scores.view(-1, RUN, self.size).amax(1)  # [runs, size]
        bar = np.full(self.size, UNREACHABLE, dtype=np.int16)
        bar[:number] = self._threshold(best, self.error[rows])
        run, row = np.divmod(np.flatnonzero(best.numpy() >= bar), self.size)
        inside = (run * RUN * self.size + row)[:, None] + np.arange(RUN) * self.size
        inside = scores.view(-1).index_select(0, torch.from_numpy(inside).view(-1)).view(-1, RUN).numpy()
        hot, within = np.divmod(np.flatnonzero(inside >= bar[row, None]), RUN)
        row, items = row[hot], run[hot] * RUN + within
        resolved = (bar < UNREACHABLE) & (np.bincount(row, minlength=self.size) <= MOST * self.k)
        kept = np.flatnonzero(resolved[row])
        kept = kept[np.argsort(row[kept].astype(np.int16), kind="stable")]
        found, values = self._rank_exactly(block, row[kept], items[kept])
        return found[:number], values[:number], torch.from_numpy(resolved[:number])

    def _scores(self, block: Tensor, place: Tensor, seen: Tensor) -> Tensor:
        """Rough scores as integers, which sort like them above 0; others are no more than 0.  [items, size] int16"""
        scores = self.memory.scores
        torch.mm(self.rounded, block.bfloat16().T, out=scores)
        if self.unknown is not None:
            scores.index_fill_(0, self.unknown, -torch.inf)
        scores.view(-1).index_fill_(0, seen * self.size + place, -torch.inf)
        return scores.view(torch.int16)

    def _threshold(self, best: Tensor, error: Tensor) -> Any:
        """What an item's rough score must reach for a place in the list; ``UNREACHABLE`` where that is unknown.  [b]

        There are ``k`` items of a rough score of at least t. Rounding it moved it by 2^-8 of itself at most, and
        ``error`` did the rest, so their scores are at least t (1 - 2^-8) - error, and an item whose rough score r is
        below (t (1 - 2^-8) - 2 error) / (1 + 2^-8) is behind them all.
        """
        groups = best.view(-1, GROUP // RUN, self.size).amax(1)[:, : len(error)].T.contiguous()
        reached = torch.from_numpy(np.partition(groups.numpy(), -self.k, axis=1)[:, -self.k].copy())
        least = reached.view(torch.bfloat16).double()
        bar = ((least * (1 - 2**-8) - 2 * error) / (1 + 2**-8)).float()
        bits = (bar.view(torch.int32) >> 16) - 1  # the step below it in bfloat16
        return bits.where((reached > 0) & (bar > 2.0**-100), int(UNREACHABLE)).short().numpy()

    def _rank_exactly(self, block: Tensor, row: Any, items: Any) -> tuple[Tensor, Tensor]:
        """Lists from some items of each user, sorted by user: scored by a product with all items that some user has."""
        wanted = np.zeros(self.num_items, dtype=bool)
        wanted[items] = True
        columns = np.flatnonzero(wanted)
        where = np.empty(self.num_items, dtype=np.int64)
        where[columns] = np.arange(len(columns))
        even = np.append(columns, columns[-1:].repeat(-len(columns) % RUN))  # no product of another form at the edge
        scores = (block @ self.items.index_select(0, torch.from_numpy(even)).T).numpy()[row, where[items]]
        keys = side_by_side(self.size, self.k, row, torch.from_numpy(scores), torch.from_numpy(items))
        return decode_keys(largest(keys, self.k).sort(1, descending=True).values)


def _norms(vectors: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Norms of vectors [n, d], of the same in bfloat16, and of the rounding error.  3 x [n] float64"""
    rounded = vectors.bfloat16().float()
    exact, near, lost = (vector_norm(part, dim=1) for part in (vectors, rounded, vectors - rounded))
    return exact.double(), near.double(), lost.double()
