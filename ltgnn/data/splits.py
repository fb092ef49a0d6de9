"""Train, validation and test: protocols that cut a data set, pure and seeded apart from the run."""

from __future__ import annotations

import logging
from dataclasses import dataclass

import torch
from torch import Tensor

from ltgnn.types import Dataset, Interactions, Mistake, Split

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class RandomSplit:
    """Per user a random share of the interactions for validation and for test.

    A user with ``n`` interactions gives ``floor(n * share + 1/2)`` of them to each, test first; at least one stays
    in train. So with 80/10/10 users with fewer than 5 interactions are in train only.
    """

    val: float
    test: float
    seed: int

    def __call__(self, dataset: Dataset) -> Split:
        if not (self.val > 0 and self.test > 0 and self.val + self.test < 1):
            raise Mistake(f"split.val={self.val} and split.test={self.test}: wanted shares above 0, together below 1.")
        pairs = whole(dataset)
        rank = rank_in_user(pairs, shuffled(len(pairs), self.seed))  # 0 = first of the user
        size = pairs.user_counts
        test = share_of(size, self.test)
        val = torch.minimum(share_of(size, self.val), (size - 1 - test).clamp(min=0))
        from_end = size[pairs.users] - 1 - rank
        test_of, both = test[pairs.users], (test + val)[pairs.users]
        train = 1 - self.val - self.test
        name = f"random per user {100 * train:g}/{100 * self.val:g}/{100 * self.test:g}, seed {self.seed}"
        return cut(pairs, val=(from_end >= test_of) & (from_end < both), test=from_end < test_of, name=name)


@dataclass(frozen=True)
class LeaveOneOut:
    """The last interaction of each user is test, the one before it validation.

    Ordered by time; interactions of the same time keep the order of the file. Users with fewer than 3
    interactions stay wholly in train (counted in the name; ``data.cleaning.user_core=3`` removes them).
    """

    def __call__(self, dataset: Dataset) -> Split:
        pairs = whole(dataset)
        if pairs.times is None:
            raise Mistake(
                f"split=leave_one_out needs times, and {dataset.name} has none. Name the column of the "
                "times (data.reader.time), or take split=random."
            )
        from_end = pairs.user_counts[pairs.users] - 1 - rank_in_user(pairs, torch.argsort(pairs.times, stable=True))
        long = pairs.user_counts[pairs.users] >= 3
        short = int(((pairs.user_counts > 0) & (pairs.user_counts < 3)).sum())
        name = "leave one out by time"
        if short:
            name += f", {short} users with fewer than 3 interactions in train only"
            log.warning("%s: %s (data.cleaning.user_core=3 removes them)", dataset.name, name)
        return cut(pairs, val=long & (from_end == 1), test=long & (from_end == 0), name=name)


@dataclass(frozen=True)
class Official:
    """The published parts.

    Where no validation part is published, a random share ``val`` of each user's train part is cut off as in
    ``RandomSplit``; ``val`` 0 leaves validation empty (recipes of papers that select on test; they say so).
    """

    val: float
    seed: int

    def __call__(self, dataset: Dataset) -> Split:
        if not {"train", "test"} <= set(dataset.parts):
            raise Mistake(f"split=official, but {dataset.name} has no published parts. Take split=random.")
        if not 0 <= self.val < 1:
            raise Mistake(f"split.val={self.val}: wanted a share from 0 (none) to below 1.")
        train, test = dataset.parts["train"], dataset.parts["test"]
        if "val" in dataset.parts:
            return checked(Split(train, dataset.parts["val"], test, "official, published validation"))
        held = torch.zeros(len(train), dtype=torch.bool)
        name = "official, no validation"
        if self.val > 0:
            rank = rank_in_user(train, shuffled(len(train), self.seed))
            size = train.user_counts
            number = torch.minimum(share_of(size, self.val), (size - 1).clamp(min=0))
            held = rank >= (size - number)[train.users]
            name = f"official, validation {100 * self.val:g} % of each user's train, seed {self.seed}"
        return checked(Split(train.select(~held), train.select(held), test, name), val_may_be_empty=self.val == 0)


def whole(dataset: Dataset) -> Interactions:
    """All interactions of a data set without published parts, or of all its parts together."""
    if "all" in dataset.parts:
        return dataset.parts["all"]
    parts = list(dataset.parts.values())

    def joined(columns: list[Tensor | None]) -> Tensor | None:
        present = [column for column in columns if column is not None]
        return torch.cat(present) if len(present) == len(columns) else None

    return Interactions(
        users=torch.cat([part.users for part in parts]),
        items=torch.cat([part.items for part in parts]),
        num_users=dataset.num_users,
        num_items=dataset.num_items,
        times=joined([part.times for part in parts]),
        weights=joined([part.weights for part in parts]),
    )


def shuffled(size: int, seed: int) -> Tensor:
    """A permutation that depends on the seed only.  [size]"""
    return torch.randperm(size, generator=torch.Generator().manual_seed(seed))


def share_of(sizes: Tensor, share: float) -> Tensor:
    """``floor(size * share + 1/2)``, whole numbers.  [U]"""
    return torch.floor(sizes.double() * share + 0.5).long()


def rank_in_user(pairs: Interactions, order: Tensor) -> Tensor:
    """Place 0, 1, 2 ... of each pair among those of its user when all pairs are read in ``order``.  [E]"""
    by_user = order[torch.argsort(pairs.users[order], stable=True)]
    first = torch.cumsum(pairs.user_counts, 0) - pairs.user_counts
    rank = torch.empty_like(pairs.users)
    rank[by_user] = torch.arange(len(pairs)) - first[pairs.users[by_user]]
    return rank


def cut(pairs: Interactions, val: Tensor, test: Tensor, name: str) -> Split:
    """The split with the marked pairs held out; a part without a pair is a mistake."""
    return checked(Split(pairs.select(~(val | test)), pairs.select(val), pairs.select(test), name))


def checked(split: Split, val_may_be_empty: bool = False) -> Split:
    """The split itself, if no part is empty that must not be."""
    parts = {"train": split.train, "validation": split.val, "test": split.test}
    empty = [
        part for part, pairs in parts.items() if not len(pairs) and not (part == "validation" and val_may_be_empty)
    ]
    if empty:
        sizes = ", ".join(f"{part} {len(pairs)}" for part, pairs in parts.items())
        raise Mistake(
            f"The split '{split.name}' leaves {' and '.join(empty)} empty ({sizes}). Take another split or larger "
            f"shares (split=..., split.val, split.test), or clean less (data.cleaning)."
        )
    return split
