"""The mechanics of splits: ranks within users, shares, and the check that no part is empty."""

from __future__ import annotations

import logging
import math
from collections.abc import Sequence

import torch
from torch import Tensor

from ltgnn.io.pluralize import pluralize
from ltgnn.types import Dataset, EventField, Interactions, Split, UserError

log = logging.getLogger(__name__)


def all_interactions(dataset: Dataset) -> Interactions:
    """All interactions of a data set without published parts, or of all its parts combined."""
    if "all" in dataset.parts:
        return dataset.parts["all"]
    parts = list(dataset.parts.values())

    def joined(columns: list[Tensor | None]) -> Tensor | None:
        present = [column for column in columns if column is not None]
        return torch.cat(present) if len(present) == len(columns) else None

    names = [name for name in parts[0].fields if all(name in part.fields for part in parts)]

    return Interactions(
        users=torch.cat([part.users for part in parts]),
        items=torch.cat([part.items for part in parts]),
        num_users=dataset.num_users,
        num_items=dataset.num_items,
        times=joined([part.times for part in parts]),
        weights=joined([part.weights for part in parts]),
        fields={name: joined_field([part.fields[name] for part in parts]) for name in names},
    )


def joined_field(columns: Sequence[EventField]) -> EventField:
    """A field of all parts, which number its values alike; ``UserError`` where they do not."""
    if any(column.values != columns[0].values for column in columns):
        raise UserError("the parts of a data set number the values of a field of events in different ways.")
    return EventField(torch.cat([column.codes for column in columns]), columns[0].values)


def require_times(dataset: Dataset, split: str) -> tuple[Interactions, Tensor]:
    """All interactions and their times, which they must have."""
    pairs = all_interactions(dataset)
    if pairs.times is None:
        raise UserError(
            f"split={split} needs times, and {dataset.name} has none. Name the column of the times "
            f"(data.reader.time), or take split=random."
        )
    return pairs, pairs.times


def sort_by_time(pairs: Interactions, times: Tensor, ties: str) -> Tensor:
    """The pairs in order of time; those of the same time as in the ``file``, or by ``item``.  [E]"""
    if ties not in TIES:
        raise UserError(f"split.ties={ties}: wanted {' or '.join(TIES)}.")
    if ties == "file":
        return torch.argsort(times, stable=True)
    by_item = torch.argsort(pairs.items, stable=True)
    return by_item[torch.argsort(times[by_item], stable=True)]


def count_ties(split: Split) -> list[str]:
    """A sentence on the users of a split by time whose held-out pairs are some of several of the same time."""
    parts = (split.train, split.val, split.test)
    if split.ordered != "user" or any(part.times is None for part in parts):
        return []
    first, last = (torch.full((3, split.train.num_users), sign * math.inf, dtype=torch.float64) for sign in (1, -1))
    for number, part in enumerate(parts):
        assert part.times is not None
        first[number].scatter_reduce_(0, part.users, part.times, "amin")
        last[number].scatter_reduce_(0, part.users, part.times, "amax")
    same = (last[0] == first[1]) | (last[0] == first[2]) | (last[1] == first[2])
    if not bool(same.any()):
        return []
    how = "by item id" if BY_ITEM in split.name else "by the order of the file (split.ties=item: by item id)"
    users = pluralize(int((split.train.user_counts > 0).sum()), "user")
    some = pluralize(int(same.sum()), f"of {users} has", f"of {users} have")
    return [f"{some} pairs of one time on both sides of the cut; which of these are held out was decided {how}"]


TIES = ("file", "item")
BY_ITEM = ", ties by item id"


def check_shares(val: float, test: float) -> None:
    """Raises ``UserError`` unless both shares are above 0 and leave something for train."""
    if not (val > 0 and test > 0 and val + test < 1):
        raise UserError(f"split.val={val} and split.test={test}: wanted shares above 0, together below 1.")


def percent(val: float, test: float) -> str:
    """The shares of train, validation and test as text: "80/10/10"."""
    return "/".join(f"{100 * share:g}" for share in (round(1 - val - test, 6), val, test))


def share_of(sizes: Tensor, share: float) -> Tensor:
    """``floor(size * share)``, whole numbers.  [U]"""
    return torch.floor(sizes.double() * share + 1e-9).long()  # .3 * 10 in binary must not fall below 3


def permute(size: int, seed: int) -> Tensor:
    """A permutation that depends on the seed only.  [size]"""
    return torch.randperm(size, generator=torch.Generator().manual_seed(seed))


def rank_in_user(pairs: Interactions, order: Tensor) -> Tensor:
    """Place 0, 1, 2 ... of each pair among those of its user when all pairs are read in ``order``.  [E]"""
    by_user = order[torch.argsort(pairs.users[order], stable=True)]
    first = torch.cumsum(pairs.user_counts, 0) - pairs.user_counts
    rank = torch.empty(len(pairs), dtype=torch.int64)
    rank[by_user] = torch.arange(len(pairs)) - first[pairs.users[by_user]]
    return rank


def last_shares(pairs: Interactions, order: Tensor, val: float, test: float) -> tuple[Tensor, Tensor]:
    """Marks, per user in the given order, the last share as test and the share before it as validation.  2 x [E]

    Of ``n`` interactions ``max(1, floor(n * test))`` are test and ``floor(n * val)`` validation; one at least is train.
    """
    size = pairs.user_counts
    spare = (size - 1).clamp(min=0)
    tests = torch.minimum(share_of(size, test).clamp(min=1), spare)
    vals = torch.minimum(share_of(size, val), spare - tests)
    from_end = (size[pairs.users] - 1) - rank_in_user(pairs, order)
    tests, held = tests[pairs.users], (tests + vals)[pairs.users]
    return (from_end >= tests) & (from_end < held), from_end < tests


def make_split(pairs: Interactions, val: Tensor, test: Tensor, name: str, ordered: str = "") -> Split:
    """The split with the marked pairs [E] held out; a part without a pair is an error."""
    split = check_parts(Split(pairs.select(~(val | test)), pairs.select(val), pairs.select(test), name, ordered))
    for text in count_ties(split):
        log.warning("%s: %s", name, text)
    return split


def cut_items(pairs: Interactions, order: Tensor, val: float, test: float, name: str) -> Split:
    """The split whose test holds all pairs of the last items in ``order`` [I], validation those before them."""
    seen = order[pairs.item_counts[order] > 0]
    tests, vals = (math.floor(seen.numel() * share + 0.5) for share in (test, val))
    part = torch.zeros(pairs.num_items, dtype=torch.int8)
    part[seen[seen.numel() - tests - vals :]] = 1
    part[seen[seen.numel() - tests :]] = 2
    of_pair = part[pairs.items]
    return make_split(pairs, of_pair == 1, of_pair == 2, name)


def check_parts(split: Split, val_may_be_empty: bool = False) -> Split:
    """The split itself, if no part is empty that must not be."""
    parts = {"train": split.train, "validation": split.val, "test": split.test}
    may_be = {"validation"} if val_may_be_empty else set()
    empty = [part for part, pairs in parts.items() if not len(pairs) and part not in may_be]
    if empty:
        sizes = ", ".join(f"{part} {len(pairs)}" for part, pairs in parts.items())
        raise UserError(
            f"The split '{split.name}' leaves {' and '.join(empty)} empty ({sizes}). Take another split or larger "
            f"shares (split=..., split.val, split.test), or clean less (data.cleaning)."
        )
    return split
