"""Head, mid, tail and cold: policies that partition items (or users) by train counts.

A policy takes the train counts ``[I]`` and ranks by count, ties by smaller id first. Ids without a train
interaction always form the last group, ``cold``.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from itertools import accumulate, pairwise
from typing import Annotated, ClassVar

import torch
from annotated_types import Ge, Gt, Le
from torch import Tensor

from ltgnn.types import Groups, UserError


class Shares(ABC):
    """Groups in the order of popularity, each with its share of the total; the shares sum to 1."""

    shares_sum_to_one: ClassVar[bool] = True

    def __init__(
        self, policy: str, names: Sequence[str], shares: Sequence[Annotated[float, Gt(0), Le(1)]], of: str
    ) -> None:
        if not names or len(names) != len(shares) or min(shares) <= 0 or abs(sum(shares) - 1) > 1e-9:
            raise UserError(
                f"groups.{policy}: names={list(names)} and shares={list(shares)}; "
                f"wanted one share above 0 per name, with sum 1."
            )
        self.policy, self.names, self.shares = policy, tuple(names), tuple(shares)
        self.of = of  # what is divided: items, users, train interactions

    def __call__(self, counts: Tensor) -> Groups:
        """Train counts [I] -> groups with labels [I]."""
        order = torch.argsort(counts, descending=True, stable=True)
        bounds = [0.0, *accumulate(self.shares)][:-1]  # where each group starts
        labels = torch.empty(counts.numel(), dtype=torch.int8)
        labels[order] = self.assign(counts[order], bounds).to(torch.int8)
        labels[counts == 0] = len(self.names)
        parts = ", ".join(f"{name} {100 * share:g} %" for name, share in zip(self.names, self.shares, strict=True))
        rule = f"by share of {self.of}: {parts}; ranked by train count, ties by id; cold: no train interaction"
        return Groups(policy=self.policy, names=(*self.names, "cold"), labels=labels, rule=rule)

    @abstractmethod
    def assign(self, counts: Tensor, bounds: list[float]) -> Tensor:
        """Counts from high to low [I] -> number of the group of each [I]; a group starts at its bound."""


class ItemShare(Shares):
    """Groups by share of all items (or users), cold ones counted in: ``items20`` is head, tail with shares .2, .8.

    Head is the first ``ceil(.2 * |I|)`` items; further groups start likewise (DAN's 80/20 cut; SimGCL's 80/15/5).
    """

    def assign(self, counts: Tensor, bounds: list[float]) -> Tensor:
        starts = [math.ceil(round(bound * counts.numel(), 6)) for bound in bounds]
        sizes = [end - start for start, end in pairwise([*starts, counts.numel()])]
        return torch.repeat_interleave(torch.arange(len(bounds)), torch.tensor(sizes))


class MassShare(Shares):
    """Groups by share of the train interactions: ``mass`` is head, mid, tail with shares .5, .3, .2.

    A group ends with the item at which the running sum of counts reaches the sum of shares so far, so head is the
    shortest list of most popular items that holds half of the interactions.
    """

    def assign(self, counts: Tensor, bounds: list[float]) -> Tensor:
        before = torch.cumsum(counts, 0) - counts  # mass of the more popular items
        starts = torch.tensor(bounds[1:], dtype=torch.float64) * counts.sum() - 1e-6
        return torch.bucketize(before.double(), starts, right=True)


class CountBelow:
    """Groups by thresholds of the train count: ``count<k`` is names head, tail with below ``[k]``.

    ``below`` falls: items with fewer interactions than ``below[n]`` leave group ``n`` for the next (LLM-ESR: 4, 13).
    """

    def __init__(self, policy: str, names: Sequence[str], below: Sequence[Annotated[int, Ge(1)]]) -> None:
        if len(names) != len(below) + 1 or list(below) != sorted(set(below), reverse=True) or min(below) < 1:
            raise UserError(
                f"groups.{policy}: names={list(names)} and below={list(below)}; wanted falling counts above 0, "
                f"one fewer than names."
            )
        self.policy, self.names, self.below = policy, tuple(names), tuple(below)

    def __call__(self, counts: Tensor) -> Groups:
        """Train counts [I] -> groups with labels [I]."""
        labels = torch.stack([counts < below for below in self.below]).sum(0).to(torch.int8)
        labels[counts == 0] = len(self.names)
        parts = ", ".join(f"{name} below {below}" for name, below in zip(self.names[1:], self.below, strict=True))
        rule = f"by train count: {self.names[0]} {self.below[0]} or more, {parts}; cold: no train interaction"
        return Groups(policy=self.policy, names=(*self.names, "cold"), labels=labels, rule=rule)
