"""Filters between a reader and a data set, in one fixed order, with a report of what left and why."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ltgnn.data.raw import Raw, counts_of
from ltgnn.types import Mistake


@dataclass(frozen=True)
class Cleaning:
    """Dates, rating threshold, repeated pairs, iterative k-core, ids without interactions; applied in this order.

    Calling it returns the cleaned rows and the report: one entry per filter with what it left.
    """

    since: float | str | None  # earliest time, seconds or an ISO date such as 2014-01-31 (UTC)
    until: float | str | None  # first time that is too late
    min_rating: float | None  # rows rated below are dropped; None: every rating counts as an interaction
    user_core: int  # users keep at least so many interactions ...
    item_core: int  # ... and items so many, both at once (repeated until nothing changes)
    keep_unseen_users: bool  # users without any interaction stay in the data set
    keep_unseen_items: bool

    def __call__(self, raw: Raw) -> tuple[Raw, list[dict[str, Any]]]:
        report = [{"filter": "as read", **counts_of(raw)}]

        def note(name: str, rows: Raw) -> Raw:
            report.append({"filter": name, **counts_of(rows)})
            return rows

        if self.since is not None or self.until is not None:
            raw = note(f"times from {self.since} to before {self.until}", between(raw, self.since, self.until))
        if self.min_rating is not None:
            raw = note(f"rating >= {self.min_rating:g}", at_least(raw, self.min_rating))
        raw = note("repeated pairs: first kept", first_of_each_pair(raw))
        if self.user_core > 1 or self.item_core > 1:
            kept = k_core(raw.users, raw.items, self.user_core, self.item_core)
            raw = note(f"{self.user_core}-core of users, {self.item_core}-core of items", raw.rows(kept))
        if not len(raw):
            raise Mistake(
                "No interactions are left. Left after each filter: "
                + "; ".join(f"{step['filter']}: {step['interactions']}" for step in report)
                + ". Loosen data.cleaning.since, .until, .min_rating, .user_core or .item_core."
            )
        return without_unseen(raw, self.keep_unseen_users, self.keep_unseen_items), report


def between(raw: Raw, since: float | str | None, until: float | str | None) -> Raw:
    """Rows with ``since <= time < until``."""
    if raw.times is None:
        raise Mistake("data.cleaning.since and .until need times, but the reader has none (data.reader.time).")
    first = -np.inf if since is None else seconds(since)
    last = np.inf if until is None else seconds(until)
    return raw.rows((raw.times >= first) & (raw.times < last))


def seconds(time: float | str) -> float:
    """A number of seconds, or an ISO date or time, read as UTC."""
    try:
        return float(time)
    except ValueError:
        pass
    try:
        given = datetime.fromisoformat(str(time))
    except ValueError:
        raise Mistake(f"data.cleaning: {time!r} is neither a number of seconds nor a date like 2014-01-31.") from None
    return (given if given.tzinfo else given.replace(tzinfo=UTC)).timestamp()


def at_least(raw: Raw, min_rating: float) -> Raw:
    """Rows rated ``min_rating`` or better."""
    if raw.ratings is None:
        raise Mistake("data.cleaning.min_rating is set, but the reader has no ratings (data.reader.rating).")
    return raw.rows(raw.ratings >= min_rating)


def first_of_each_pair(raw: Raw) -> Raw:
    """Rows without repeats of a (user, item) pair inside a part; weights of repeats are added up.

    A pair in two parts is a mistake: a leak.
    """
    keys = raw.users.astype(np.int64)  # in place from here on: tens of millions of rows are not held thrice
    keys *= len(raw.item_ids)
    keys += raw.items
    if not _repeats(keys):
        return raw
    order = np.argsort(keys if raw.parts is None else keys * len(raw.part_names) + raw.parts, kind="stable")
    ordered = keys[order]
    new = np.ones(keys.size, dtype=bool)
    new[1:] = ordered[1:] != ordered[:-1]
    if raw.parts is not None:
        same_part = raw.parts[order][1:] == raw.parts[order][:-1]
        if not (new[1:] | same_part).all():
            _refuse_overlap(raw, keys)
    starts = np.flatnonzero(new)
    if raw.weights is not None:
        weights = raw.weights.copy()
        weights[order[starts]] = np.add.reduceat(raw.weights[order], starts)
        raw = replace(raw, weights=weights)
    return raw.rows(np.sort(order[starts]))


def _repeats(keys: NDArray[np.int64]) -> bool:
    """Whether a key occurs twice; sorts a copy, which is much less than finding out which."""
    ordered = keys.copy()
    ordered.sort()
    return bool((ordered[1:] == ordered[:-1]).any())


def _refuse_overlap(raw: Raw, keys: NDArray[np.int64]) -> None:
    assert raw.parts is not None
    _, first = np.unique(keys * len(raw.part_names) + raw.parts, return_index=True)  # repeats inside a part are none
    raw, keys = raw.rows(first), keys[first]
    assert raw.parts is not None
    unique, counts = np.unique(keys, return_counts=True)
    key = unique[counts > 1][0]
    user, item = divmod(int(key), len(raw.item_ids))
    names = " and ".join(raw.part_names[part] for part in raw.parts[keys == key])
    raise Mistake(
        f"{int((counts > 1).sum())} pairs are in more than one part, e.g. user {raw.user_ids[user]}, item "
        f"{raw.item_ids[item]} in {names}. Parts must be disjoint: a held-out pair in train is a leak. If validation "
        f"lies inside train: data.reader.valid_inside_train=true"
    )


def k_core(users: NDArray[Any], items: NDArray[Any], user_core: int, item_core: int) -> NDArray[np.bool_]:
    """The largest set of rows in which each user has ``user_core`` and each item ``item_core`` rows.  [rows] bool"""
    kept = np.ones(users.size, dtype=bool)
    while True:
        user_counts = np.bincount(users[kept], minlength=1)
        item_counts = np.bincount(items[kept], minlength=1)
        few = (user_counts < user_core)[users[kept]] | (item_counts < item_core)[items[kept]]
        if not few.any():
            return kept
        kept[np.flatnonzero(kept)[few]] = False


def without_unseen(raw: Raw, keep_users: bool, keep_items: bool) -> Raw:
    """Drops ids that no row uses and closes the gaps; the order of the others stays."""
    if not keep_users:
        kept, users = _close(raw.users, len(raw.user_ids))
        raw = replace(
            raw,
            users=users,
            user_ids=raw.user_ids.filter(kept),
            user_fields={name: column.filter(kept) for name, column in raw.user_fields.items()},
        )
    if not keep_items:
        kept, items = _close(raw.items, len(raw.item_ids))
        raw = replace(
            raw,
            items=items,
            item_ids=raw.item_ids.filter(kept),
            item_fields={name: column.filter(kept) for name, column in raw.item_fields.items()},
            item_numbers={name: column[kept] for name, column in raw.item_numbers.items()},
            item_vectors=raw.item_vectors if kept.all() else {n: rows[kept] for n, rows in raw.item_vectors.items()},
        )
    return raw


def _close(codes: NDArray[np.int32], size: int) -> tuple[NDArray[np.bool_], NDArray[np.int32]]:
    seen = np.zeros(size, dtype=bool)
    seen[codes] = True
    return seen, (np.cumsum(seen, dtype=np.int32) - 1)[codes]
