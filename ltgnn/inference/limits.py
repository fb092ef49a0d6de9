"""Lists within limits: a maximum of items per category (caps), a minimum of items of a set (shares)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
import torch
from torch import Tensor

Cap: TypeAlias = tuple[Tensor, int]
"""Number of each item's category [I], -1 for none, and how many of a category a list may have."""

Counts: TypeAlias = "np.ndarray[Any, np.dtype[np.float64]]"

Share: TypeAlias = tuple[Tensor, int]
"""Items [I] bool, and how many of them a list has at least."""


def find_list(ranked: Tensor, caps: Sequence[Cap], shares: Sequence[Share], k: int) -> tuple[Tensor, bool]:
    """The first list of ``k`` in the order of ``ranked`` that keeps the limits, and whether there was one.

    Where there is none: the longest that keeps the caps, with as many items of each share, in their order, as fit. Each
    item is taken if the list can still be completed with it. One cap and one share are counted: one category an item
    makes lists within the cap the independent sets of a partition matroid, so a set of ``t`` items of the share extends
    to any length that the cap allows. With more of them an integer program over the kinds of items decides
    (milliseconds a list).
    """
    if not len(ranked):
        return ranked, all(least == 0 for _, least in shares)
    if len(caps) > 1 or len(shares) > 1:
        return _Program(ranked, caps, shares, k).first()
    if not caps and not shares:
        return ranked[:k], True
    kinds, most = (caps[0][0][ranked], caps[0][1]) if caps else (torch.full_like(ranked, -1), k)
    rare, least = (shares[0][0][ranked], shares[0][1]) if shares else (torch.zeros_like(ranked, dtype=torch.bool), 0)
    return count_chosen(ranked, kinds, most, rare, least, k)


def is_possible(items: Tensor, caps: Sequence[Cap], shares: Sequence[Share], k: int) -> bool:
    """Whether ``k`` of some items [n] make a list within the limits."""
    if not len(items):
        return k == 0 and all(least == 0 for _, least in shares)
    if len(caps) > 1 or len(shares) > 1:
        program = _Program(items, caps, shares, k)
        return program.size == k and program.met
    kinds, most = (caps[0][0][items], caps[0][1]) if caps else (torch.full_like(items, -1), k)
    rare, least = (shares[0][0][items], shares[0][1]) if shares else (torch.ones_like(items, dtype=torch.bool), 0)
    return capacity(kinds, most) >= k and capacity(kinds[rare], most) >= least


def capacity(kinds: Tensor, most: int) -> int:
    """How many of some items a list can hold: ``most`` of each kind, any number of kind -1.  [n] -> int"""
    limited = torch.bincount(kinds[kinds >= 0]) if bool((kinds >= 0).any()) else torch.zeros(0, dtype=torch.int64)
    return int(limited.clamp_max(most).sum()) + int((kinds < 0).sum())


def count_chosen(ranked: Tensor, kind: Tensor, most: int, rare: Tensor, least: int, k: int) -> tuple[Tensor, bool]:
    size = min(k, capacity(kind, most))
    wanted = min(least, size, capacity(kind[rare], most))
    met = wanted == least
    used: dict[int, int] = {}
    chosen: list[int] = []
    rows = list(zip(ranked.tolist(), kind.tolist(), rare.tolist(), strict=True))
    left: dict[int, int] = {}  # items of the share of each kind from here on
    for _, c, r in rows:
        left[c] = left.get(c, 0) + r
    for item, c, r in rows:
        if len(chosen) == size:
            break
        left[c] -= r
        if c >= 0 and used.get(c, 0) >= most:
            continue
        need = wanted - r
        if need > 0:
            free = {**used, c: used.get(c, 0) + 1}
            reach = sum(n if d < 0 else min(n, most - free.get(d, 0)) for d, n in left.items())
            if size - len(chosen) - 1 < need or reach < need:
                continue
        chosen.append(item)
        used[c] = used.get(c, 0) + 1
        wanted = max(need, 0)
    return torch.tensor(chosen, dtype=torch.int64), met


class _Program:
    """Any number of caps and shares. Items that are equal in all of them form a group: x_g items of group g.

    ``A x <= b`` holds the rows of the caps, one for each of their categories; ``M x >= w`` those of the shares.
    """

    def __init__(self, ranked: Tensor, caps: Sequence[Cap], shares: Sequence[Share], k: int) -> None:
        self.rank = ranked
        table = torch.stack(
            [*(kinds[ranked].long() for kinds, _ in caps), *(rare[ranked].long() for rare, _ in shares)], 1
        )
        alike, group = torch.unique(table, dim=0, return_inverse=True)
        self.group = group.numpy()
        self.counts = np.bincount(self.group, minlength=len(alike))
        rows, bounds = [np.ones(len(alike))], [float(k)]
        for column, (_, most) in enumerate(caps):
            for kind in torch.unique(alike[:, column]).tolist():
                if kind >= 0:
                    rows.append((alike[:, column] == kind).double().numpy())
                    bounds.append(float(most))
        self.rows, self.bounds = np.stack(rows), np.array(bounds)
        self.members = alike[:, len(caps) :].T.double().numpy()  # [shares, groups]
        self.size = self._maximise(self.rows[0], np.zeros(len(self.members)), 0)
        self.wanted = np.zeros(len(self.members))
        for row, (_, least) in enumerate(shares):
            self.wanted[row] = min(least, self._maximise(self.members[row], self.wanted, self.size))
        self.met = all(int(self.wanted[row]) == least for row, (_, least) in enumerate(shares))

    def first(self) -> tuple[Tensor, bool]:
        """The first list in the order of the items that can be completed, and whether it keeps all limits."""
        chosen: list[int] = []
        taken, left = np.zeros(len(self.counts)), self.counts.astype(float)
        for place, g in enumerate(self.group):
            if len(chosen) == self.size:
                break
            left[g] -= 1
            with_it = taken.copy()
            with_it[g] += 1
            if (self.rows @ with_it > self.bounds).any():
                continue
            rest = self._take_greedily(with_it, place + 1, self.size - len(chosen) - 1)
            if rest is not None:  # all that comes first and fits the caps also keeps the shares
                chosen += [place, *rest]
                break
            if self._can_complete(with_it, left, self.size - len(chosen) - 1):
                chosen.append(place)
                taken = with_it
        return self.rank[torch.tensor(chosen, dtype=torch.int64)], self.met

    def _take_greedily(self, taken: Counts, start: int, n: int) -> list[int] | None:
        """The next ``n`` places that fit the caps, if they also keep the shares."""
        taken, places = taken.copy(), list[int]()
        used = self.rows @ taken
        for place in range(start, len(self.group)):
            if len(places) == n:
                break
            column = self.rows[:, self.group[place]]
            if (used + column <= self.bounds).all():
                used = used + column
                taken[self.group[place]] += 1
                places.append(place)
        return places if len(places) == n and (self.members @ taken >= self.wanted).all() else None

    def _can_complete(self, taken: Counts, left: Counts, n: int) -> bool:
        """Whether ``n`` of the items ``left`` complete the list."""
        need = self.wanted - self.members @ taken
        found = self._solve(np.zeros(len(left)), left, self.bounds - self.rows @ taken, need, n)
        return found is not None

    def _maximise(self, values: Counts, wanted: Counts, size: int) -> int:
        """The greatest sum of ``values`` over lists of at least ``size`` items with ``wanted`` of each share."""
        found = self._solve(values, self.counts.astype(float), self.bounds, wanted, size)
        return 0 if found is None else found

    def _solve(self, values: Counts, counts: Counts, bounds: Counts, wanted: Counts, size: int) -> int | None:
        from scipy.optimize import Bounds, LinearConstraint, milp

        constraints = [LinearConstraint(self.rows, ub=bounds), LinearConstraint(self.rows[:1], lb=size)]
        if len(self.members):
            constraints.append(LinearConstraint(self.members, lb=wanted))
        found = milp(-values, constraints=constraints, bounds=Bounds(0, counts), integrality=np.ones(len(counts)))
        return None if found.x is None else round(float(values @ found.x))
