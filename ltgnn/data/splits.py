"""Train, validation and test: protocols that split a data set, with a seed independent of the run."""

from __future__ import annotations

import logging
import math
from dataclasses import dataclass
from typing import Annotated, Literal

import torch
from annotated_types import Ge, Gt, Lt

from ltgnn.data.card import format_time
from ltgnn.data.splitting import (
    BY_ITEM,
    all_interactions,
    check_parts,
    check_shares,
    cut_items,
    last_shares,
    make_split,
    percent,
    permute,
    rank_in_user,
    require_times,
    share_of,
    sort_by_time,
)
from ltgnn.io.pluralize import pluralize
from ltgnn.types import Dataset, Split, UserError

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class RandomSplit:
    """Per user a random share of the interactions for validation and for test.

    Of a user's ``n`` interactions ``max(1, floor(n * test))`` are test and ``floor(n * val)`` validation; at least one
    stays in train. So with 80/10/10 every user with 2 interactions or more is tested, and those with fewer than 10
    have none in validation.
    """

    val: Annotated[float, Gt(0), Lt(1)]
    test: Annotated[float, Gt(0), Lt(1)]
    seed: int

    def __call__(self, dataset: Dataset) -> Split:
        check_shares(self.val, self.test)
        pairs = all_interactions(dataset)
        val, test = last_shares(pairs, permute(len(pairs), self.seed), self.val, self.test)
        return make_split(pairs, val, test, f"random per user {percent(self.val, self.test)}, seed {self.seed}")


@dataclass(frozen=True)
class LeaveOneOut:
    """The last interaction of each user is test, the one before it validation.

    Ordered by time; interactions of the same time keep the order of the file, or with ``ties="item"`` that of their
    items' ids. Users with fewer than 3
    interactions stay wholly in train (counted in the name; ``data.cleaning.user_core=3`` removes them).
    """

    ties: Literal["file", "item"] = "file"

    def __call__(self, dataset: Dataset) -> Split:
        pairs, times = require_times(dataset, "leave_one_out")
        size = pairs.user_counts[pairs.users]
        from_end = size - 1 - rank_in_user(pairs, sort_by_time(pairs, times, self.ties))
        short = int(((pairs.user_counts > 0) & (pairs.user_counts < 3)).sum())
        name = "leave one out by time" + BY_ITEM * (self.ties == "item")
        if short:
            name += f", {pluralize(short, 'user')} with fewer than 3 interactions in train only"
            log.warning("%s: %s (data.cleaning.user_core=3 removes them)", dataset.name, name)
        return make_split(pairs, (size >= 3) & (from_end == 1), (size >= 3) & (from_end == 0), name, ordered="user")


@dataclass(frozen=True)
class UserTime:
    """Within each user, by time, the latest share is test and the share before it validation.

    Numbers as in ``RandomSplit``; interactions of the same time as in ``LeaveOneOut``.
    """

    val: Annotated[float, Gt(0), Lt(1)]
    test: Annotated[float, Gt(0), Lt(1)]
    ties: Literal["file", "item"] = "file"

    def __call__(self, dataset: Dataset) -> Split:
        check_shares(self.val, self.test)
        pairs, times = require_times(dataset, "user_time")
        val, test = last_shares(pairs, sort_by_time(pairs, times, self.ties), self.val, self.test)
        name = f"latest of each user {percent(self.val, self.test)} by time" + BY_ITEM * (self.ties == "item")
        return make_split(pairs, val, test, name, ordered="user")


@dataclass(frozen=True)
class GlobalTime:
    """Two moments for all users: train before the first, validation between, test from the second on.

    The moments are the times of the interactions at ``1 - val - test`` and ``1 - test`` of all in order of time;
    interactions of the same time are never parted. Users and items seen first after a moment have no train
    interaction; nothing is dropped.
    """

    val: Annotated[float, Gt(0), Lt(1)]
    test: Annotated[float, Gt(0), Lt(1)]

    def __call__(self, dataset: Dataset) -> Split:
        check_shares(self.val, self.test)
        pairs, times = require_times(dataset, "global_time")
        in_order = torch.sort(times).values
        held = math.floor(len(pairs) * (self.val + self.test) + 0.5)
        tests = math.floor(len(pairs) * self.test + 0.5)
        first, second = (in_order[min(len(pairs) - number, len(pairs) - 1)] for number in (held, tests))
        name = f"one moment for all {percent(self.val, self.test)}, validation from {format_time(float(first))}, "
        name += f"test from {format_time(float(second))}"
        return make_split(pairs, (times >= first) & (times < second), times >= second, name, ordered="global")


@dataclass(frozen=True)
class ColdItems:
    """A random share of the items loses all its interactions to test, another to validation.

    So held-out items have no train interaction: only their text (or other features) can rank them. The shares are
    of the items with an interaction, rounded half up.
    """

    val: Annotated[float, Gt(0), Lt(1)]
    test: Annotated[float, Gt(0), Lt(1)]
    seed: int

    def __call__(self, dataset: Dataset) -> Split:
        check_shares(self.val, self.test)
        pairs = all_interactions(dataset)
        name = f"cold items {percent(self.val, self.test)} of the items at random, seed {self.seed}"
        return cut_items(pairs, permute(pairs.num_items, self.seed), self.val, self.test, name)


@dataclass(frozen=True)
class NewItems:
    """As ``ColdItems``, with the items whose first interaction is the most recent; ties by item id."""

    val: Annotated[float, Gt(0), Lt(1)]
    test: Annotated[float, Gt(0), Lt(1)]

    def __call__(self, dataset: Dataset) -> Split:
        check_shares(self.val, self.test)
        pairs, times = require_times(dataset, "new_items")
        first = torch.full((pairs.num_items,), math.inf, dtype=torch.float64)
        first.scatter_reduce_(0, pairs.items.long(), times, "amin")
        name = f"new items {percent(self.val, self.test)} of the items by first interaction"
        return cut_items(pairs, torch.argsort(first, stable=True), self.val, self.test, name)


@dataclass(frozen=True)
class Folds:
    """One of ``folds`` parts of a cross-validation: fold ``fold`` is test, the next one validation, the rest train.

    Each user's interactions are shuffled and dealt out in turn, starting at a random fold, so that the folds of a
    seed partition the interactions. A user with fewer than 3 interactions may be absent from train.
    """

    folds: Annotated[int, Ge(3)]
    fold: Annotated[int, Ge(0)]
    seed: int

    def __call__(self, dataset: Dataset) -> Split:
        if self.folds < 3 or not 0 <= self.fold < self.folds:
            raise UserError(
                f"split.folds={self.folds}, split.fold={self.fold}: wanted at least 3, and 0 <= fold < folds."
            )
        pairs = all_interactions(dataset)
        start = torch.randint(self.folds, (pairs.num_users,), generator=torch.Generator().manual_seed(self.seed))
        dealt = (rank_in_user(pairs, permute(len(pairs), self.seed)) + start[pairs.users]) % self.folds
        name = f"fold {self.fold} of {self.folds} per user, seed {self.seed}"
        return make_split(pairs, dealt == (self.fold + 1) % self.folds, dealt == self.fold, name)


@dataclass(frozen=True)
class Official:
    """The published parts.

    Where no validation part is published, a random share ``val`` of each user's train part is cut off as in
    ``RandomSplit``; ``val`` 0 leaves validation empty (recipes of papers that select on test and state it).
    """

    val: Annotated[float, Ge(0), Lt(1)]
    seed: int

    def __call__(self, dataset: Dataset) -> Split:
        if not {"train", "test"} <= set(dataset.parts):
            raise UserError(f"split=official, but {dataset.name} has no published parts. Take split=random.")
        if not 0 <= self.val < 1:
            raise UserError(f"split.val={self.val}: wanted a share from 0 (none) to below 1.")
        train, test = dataset.parts["train"], dataset.parts["test"]
        if "val" in dataset.parts:
            return check_parts(Split(train, dataset.parts["val"], test, "official, published validation"))
        held = torch.zeros(len(train), dtype=torch.bool)
        name = "official, no validation"
        if self.val > 0:
            size = train.user_counts
            number = torch.minimum(share_of(size, self.val), (size - 1).clamp(min=0))
            held = rank_in_user(train, permute(len(train), self.seed)) >= (size - number)[train.users]
            name = f"official, validation {100 * self.val:g} % of each user's train, seed {self.seed}"
        return check_parts(Split(train.select(~held), train.select(held), test, name), val_may_be_empty=self.val == 0)
