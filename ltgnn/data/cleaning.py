"""Filters between a reader and a data set, in one fixed order, with a report of what left and why."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

import numpy as np
import torch
from annotated_types import Ge
from numpy.typing import NDArray

from ltgnn.data.blocks import blocks, by_code, counts, relabel, release
from ltgnn.data.event_fields import MIXED, close_gaps, count_mixed_pairs
from ltgnn.data.raw import Raw, counts_of
from ltgnn.io.pluralize import pluralize
from ltgnn.types import UserError


@dataclass(frozen=True)
class Cleaning:
    """Dates, rating threshold, repeated pairs, iterative k-core, ids without interactions; applied in this order.

    Calling it cleans the given rows in place and returns them and the report: one entry per filter with what it left.
    """

    since: float | str | None  # earliest time, seconds or an ISO date such as 2014-01-31 (UTC)
    until: float | str | None  # first time that is too late
    min_rating: float | None  # rows rated below are dropped; None: every rating counts as an interaction
    user_core: Annotated[int, Ge(0)]  # minimum interactions per user ...
    item_core: Annotated[int, Ge(0)]  # ... and per item, both at once (repeated until nothing changes)
    keep_unseen_users: bool  # users without any interaction stay in the data set
    keep_unseen_items: bool
    repeats: Literal["first", "last", "sum"] | None = (
        None  # of repeated pairs: first, last, sum; None: sum if rows have weights, else first
    )

    def __call__(self, raw: Raw) -> tuple[Raw, list[dict[str, Any]]]:
        report = [{"filter": "as read", **counts_of(raw)}]

        def keep(name: str, kept: NDArray[np.bool_]) -> None:
            if not kept.all():
                raw.keep(kept)
            report.append({"filter": name, **counts_of(raw)})
            release()  # or the masks of all filters, one byte a row each, add up

        if self.since is not None or self.until is not None:
            start, end = ("" if time is None else f" {time}" for time in (self.since, self.until))
            name = f"times{start and f' from{start}'}{start and end and ' to'}{end and f' before{end}'}"
            keep(name, between(raw, self.since, self.until))
        if self.min_rating is not None:
            keep(f"rating >= {self.min_rating:g}", at_least(raw, self.min_rating))
        if raw.event_codes:
            raw.notes = {**raw.notes, MIXED: count_mixed_pairs(raw)}
        rule = self.repeats or ("first" if raw.weights is None else "sum")
        keep(repeats_in_words(rule, raw), one_of_each_pair(raw, rule))
        if self.user_core > 1 or self.item_core > 1:
            name = f"{self.user_core}-core of users, {self.item_core}-core of items"
            keep(name, k_core(raw.users, raw.items, self.user_core, self.item_core))  # no name keeps the mask alive
        if not len(raw):
            raise UserError(
                "No interactions are left. Left after each filter: "
                + "; ".join(f"{step['filter']}: {step['interactions']}" for step in report)
                + ". Loosen data.cleaning.since, .until, .min_rating, .user_core or .item_core."
            )
        drop_unseen(raw, self.keep_unseen_users, self.keep_unseen_items)
        close_gaps(raw)
        return raw, report


def between(raw: Raw, since: float | str | None, until: float | str | None) -> NDArray[np.bool_]:
    """Which rows have ``since <= time < until``.  [rows]"""
    if raw.times is None:
        raise UserError("data.cleaning.since and .until need times, but the reader has none (data.reader.time).")
    first = -np.inf if since is None else seconds(since)
    last = np.inf if until is None else seconds(until)
    return (raw.times >= first) & (raw.times < last)


def seconds(time: float | str) -> float:
    """A number of seconds, or an ISO date or time, read as UTC."""
    try:
        return float(time)
    except ValueError:
        pass
    try:
        given = datetime.fromisoformat(str(time))
    except ValueError:
        raise UserError(f"data.cleaning: {time!r} is neither a number of seconds nor a date like 2014-01-31.") from None
    return (given if given.tzinfo else given.replace(tzinfo=UTC)).timestamp()


def at_least(raw: Raw, min_rating: float) -> NDArray[np.bool_]:
    """Which rows are rated ``min_rating`` or better.  [rows]"""
    if raw.ratings is None:
        raise UserError("data.cleaning.min_rating is set, but the reader has no ratings (data.reader.rating).")
    return raw.ratings >= min_rating


REPEATS = {"first": "first kept", "last": "last kept", "sum": "weights added up, first kept"}


def repeats_in_words(rule: str, raw: Raw) -> str:
    """The rule as in the report: first and last are by time where there are times."""
    if rule not in REPEATS:
        raise UserError(f"data.cleaning.repeats={rule}: wanted {', '.join(REPEATS)}, or null.")
    return f"repeated pairs: {REPEATS[rule]}, by {'line' if raw.times is None else 'time'}"


def one_of_each_pair(raw: Raw, rule: str) -> NDArray[np.bool_]:
    """Which rows stay of those of a (user, item) pair inside a part: the ``first``, or the ``last``.  [rows]

    By time, or by line where there are no times. With ``sum`` the first stays, with the weights of all added up, each
    1 where the reader has none. Fields of events, such as the channel, are those of the row that stays. A pair in two
    parts is an error: leakage. Users are taken some at a time, so that keys of all rows are never held.
    """
    kept = np.ones(len(raw), dtype=bool)
    if rule == "sum" and raw.weights is None:
        raw.weights = np.ones(len(raw), dtype=np.float32)
    for rows in by_code(raw.users, len(raw.user_ids)):
        keys = raw.users[rows].astype(np.int64) * len(raw.item_ids) + raw.items[rows]
        ordered = np.sort(keys)  # which is much less than finding out which are repeated
        if not (ordered[1:] == ordered[:-1]).any():
            continue
        parts = None if raw.parts is None else raw.parts[rows]
        order = np.argsort(keys if parts is None else keys * len(raw.part_names) + parts, kind="stable")
        ordered = keys[order]
        new = np.ones(keys.size, dtype=bool)
        new[1:] = ordered[1:] != ordered[:-1]
        if parts is not None and not (new[1:] | (parts[order][1:] == parts[order][:-1])).all():
            _refuse_overlap(raw)
        sort_by_time(raw, rows, order, new)
        starts, ends = np.flatnonzero(new), np.flatnonzero(np.append(new[1:], True))
        stays = order[ends if rule == "last" else starts]
        if rule == "sum" and raw.weights is not None:
            raw.weights[rows[stays]] = np.add.reduceat(raw.weights[rows[order]], starts)
        kept[rows] = False
        kept[rows[stays]] = True
    return kept


def sort_by_time(raw: Raw, rows: NDArray[np.int64], order: NDArray[np.int64], new: NDArray[np.bool_]) -> None:
    """Puts the rows of each repeated pair, of which ``new`` marks the first in ``order``, in their order of time.

    Rows of the same time come by their weights, so that the order of the file does not matter.
    """
    if raw.times is None:
        return
    repeated = ~new
    repeated[:-1] |= ~new[1:]
    some = order[repeated]
    pair = np.cumsum(new)[repeated]
    weights = pair if raw.weights is None else raw.weights[rows[some]]
    order[repeated] = some[np.lexsort((weights, raw.times[rows[some]], pair))]


def _refuse_overlap(raw: Raw) -> None:
    assert raw.parts is not None
    keys = raw.users.astype(np.int64) * len(raw.item_ids) + raw.items
    _, first = np.unique(keys * len(raw.part_names) + raw.parts, return_index=True)  # repeats inside a part are none
    keys, parts = keys[first], raw.parts[first]
    unique, times = np.unique(keys, return_counts=True)
    key = unique[times > 1][0]
    user, item = divmod(int(key), len(raw.item_ids))
    names = " and ".join(raw.part_names[part] for part in parts[keys == key])
    several = pluralize(int((times > 1).sum()), "pair is", "pairs are")
    raise UserError(
        f"{several} in more than one part, e.g. user {raw.user_ids[user]}, item {raw.item_ids[item]} in {names}. Parts "
        "must be disjoint: a held-out pair in train is a leak. If validation "
        f"lies inside train (LightGCN's text files): data.reader.valid_inside_train=true"
    )


def k_core(users: NDArray[Any], items: NDArray[Any], user_core: int, item_core: int) -> NDArray[np.bool_]:
    """The largest set of rows in which each user has ``user_core`` and each item ``item_core`` rows.  [rows] bool"""
    kept = np.ones(users.size, dtype=bool)
    num_users, num_items = int(users.max(initial=-1)) + 1, int(items.max(initial=-1)) + 1
    while True:
        few_users = counts(users, num_users, kept) < user_core
        few_items = counts(items, num_items, kept) < item_core
        before = np.count_nonzero(kept)
        for block in blocks(users.size):
            kept[block] &= ~(few_users[users[block]] | few_items[items[block]])
        if np.count_nonzero(kept) == before:
            return kept


def drop_unseen(raw: Raw, keep_users: bool, keep_items: bool) -> None:
    """Drops ids that no row uses and closes the gaps; the order of the others stays."""
    if not keep_users:
        kept = mark_close_repeats(raw.users, len(raw.user_ids))
        raw.user_ids = raw.user_ids.filter(kept)
        raw.user_fields = {name: column.filter(kept) for name, column in raw.user_fields.items()}
    if not keep_items:
        kept = mark_close_repeats(raw.items, len(raw.item_ids))
        raw.item_ids = raw.item_ids.filter(kept)
        raw.item_fields = {name: column.filter(kept) for name, column in raw.item_fields.items()}
        raw.item_numbers = {name: column[kept] for name, column in raw.item_numbers.items()}
        if not kept.all():
            raw.item_vectors = {name: rows[kept] for name, rows in raw.item_vectors.items()}
            _drop_related(raw, kept)


def _drop_related(raw: Raw, kept: NDArray[np.bool_]) -> None:
    """Relations and images of the items that stay [I]; ``raw.item_ids`` are those already."""
    numbers = torch.from_numpy(np.where(kept, np.cumsum(kept) - 1, -1))
    raw.relations = {name: relation.renumber_items(numbers) for name, relation in raw.relations.items()}
    if raw.images:
        left = set(raw.item_ids)
        raw.images = {item: file for item, file in raw.images.items() if item in left}


def mark_close_repeats(codes: NDArray[np.int32], size: int) -> NDArray[np.bool_]:
    seen = counts(codes, size) > 0
    if not seen.all():
        relabel(codes, np.cumsum(seen, dtype=np.int32) - 1)
    return seen
