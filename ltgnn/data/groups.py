"""Head, mid, tail and cold: policies that partition items (or users) by train counts.

A policy takes the train counts ``[I]`` and ranks by count, ties by smaller id first. Ids without a train
interaction are always apart, as the last group ``cold``.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor

from ltgnn.types import Groups, Mistake


@dataclass(frozen=True)
class ItemShare:
    """Groups by share of all items, cold ones included in the base: ``items20`` is names head, tail; shares .2, .8.

    The first ``ceil(share * |I|)`` items by count are head, and so on; the last group is the rest. Sources: the
    80/20 cut of DAN; ``items80_15_5`` of SimGCL.
    """

    policy: str
    names: Sequence[str]
    shares: Sequence[float]

    def __call__(self, counts: Tensor) -> Groups:
        bounds = bounds_of(self.policy, self.names, self.shares)
        ends = [math.ceil(round(bound * counts.numel(), 6)) for bound in bounds]
        labels = torch.empty(counts.numel(), dtype=torch.int8)
        order = by_popularity(counts)
        for label, (start, end) in enumerate(pairwise([0, *ends])):
            labels[order[start:end]] = label
        rule = "by share of items: " + named(self.names, self.shares)
        return with_cold(self.policy, self.names, labels, counts, rule)


@dataclass(frozen=True)
class MassShare:
    """Groups by share of the train interactions: ``mass`` is names head, mid, tail; shares .5, .3, .2.

    A group runs to the first item at which the running sum of counts reaches its share of the total.
    """

    policy: str
    names: Sequence[str]
    shares: Sequence[float]

    def __call__(self, counts: Tensor) -> Groups:
        bounds = bounds_of(self.policy, self.names, self.shares)[:-1]
        order = by_popularity(counts)
        running = torch.cumsum(counts[order], 0).double()
        # an item belongs to the group in which the sum before it lies
        before = running - counts[order].double()
        reached = torch.tensor(bounds, dtype=torch.float64) * counts.sum().double() - 1e-6
        labels = torch.empty(counts.numel(), dtype=torch.int8)
        labels[order] = torch.bucketize(before, reached, right=True).to(torch.int8)
        rule = "by share of train interactions: " + named(self.names, self.shares)
        return with_cold(self.policy, self.names, labels, counts, rule)


def by_popularity(counts: Tensor) -> Tensor:
    """Ids from the most to the least popular, ties by smaller id."""
    return torch.argsort(counts, descending=True, stable=True)


def bounds_of(policy: str, names: Sequence[str], shares: Sequence[float]) -> list[float]:
    """The shares summed up; a mistake unless there is one per name and they sum to 1."""
    if len(names) != len(shares) or min(shares) <= 0 or abs(sum(shares) - 1) > 1e-9:
        raise Mistake(
            f"groups.{policy}: names={list(names)} and shares={list(shares)}; "
            f"wanted one share above 0 per name, together 1."
        )
    bounds: list[float] = torch.cumsum(torch.tensor(shares, dtype=torch.float64), 0).tolist()
    return bounds


def named(names: Sequence[str], shares: Sequence[float]) -> str:
    """The shares in words: "head 50 %, mid 30 %, tail 20 %"."""
    return ", ".join(f"{name} {100 * share:g} %" for name, share in zip(names, shares, strict=True))


def with_cold(policy: str, names: Sequence[str], labels: Tensor, counts: Tensor, rule: str) -> Groups:
    """The groups with everything that has no train interaction moved to ``cold``."""
    labels[counts == 0] = len(names)
    rule += "; ranked by train count, ties by id; cold: no train interaction"
    return Groups(policy=policy, names=(*names, "cold"), labels=labels, rule=rule)
