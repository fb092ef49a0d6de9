"""Figures of a data set for its card: size, sparsity, long tail, time."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from ltgnn.data.blocks import counts as rows_of
from ltgnn.data.event_fields import describe_fields
from ltgnn.data.raw import Raw
from ltgnn.data.related import count_left_out, describe_related
from ltgnn.io.pluralize import pluralize


def summarise(raw: Raw) -> dict[str, Any]:
    """Users, items, interactions, sparsity; share of the top 20 % items; share of items below 10; dates.

    All items are the base; the top 20 % are the ``floor(.2 * I)`` most popular ones.
    """
    counts = rows_of(raw.items, len(raw.item_ids))
    top = np.sort(counts)[::-1][: int(0.2 * counts.size)]
    size = len(raw.user_ids) * len(raw.item_ids)
    card: dict[str, Any] = {
        "users": len(raw.user_ids),
        "items": len(raw.item_ids),
        "interactions": len(raw),
        "sparsity": 1 - len(raw) / size if size else None,
        "share of the top 20 % items": float(top.sum() / max(counts.sum(), 1)),
        "share of items below 10": float((counts < 10).mean()) if counts.size else None,
        "items without an interaction": int((counts == 0).sum()),
        "item fields": {name: f"{int((column != '').sum())} filled" for name, column in raw.item_fields.items()},
        "item numbers": {name: f"{int(np.isfinite(n).sum())} filled" for name, n in raw.item_numbers.items()},
        "item vectors": {name: list(rows.shape) for name, rows in raw.item_vectors.items()},
        **describe_related(raw),
        **describe_fields(raw),
    }
    if raw.times is not None and len(raw):
        card["times"] = {"first": format_time(raw.times.min()), "last": format_time(raw.times.max())}
        if unit := raw.notes.get("time unit"):
            card["times"]["unit"] = unit
    return card


def left_out(raw: Raw, counts: Mapping[str, int], ids: Mapping[str, int]) -> dict[str, int]:
    """What the files held and the data set does not, and how much; what the filters left is in their report.

    ``read``: users and items with a row before cleaning; ``ids``: all that were known then.
    """
    files = [about for about in raw.notes.get("interactions", ()) if isinstance(about, Mapping)]
    found = dict(raw.notes.get("processed from", {}).get("left out", {}))
    new = {
        INCOMPLETE: sum(about.get("rows without a required value, dropped", 0) for about in files),
        "rows without an event": raw.notes.get("rows without an event, dropped", 0),
    }
    for noun, column in (("items", raw.item_ids), ("users", raw.user_ids)):
        table = raw.notes.get(noun, {})
        new[f"{noun} without an id"] = table.get("without id", 0)
        new[f"rows of {noun} that repeat an id"] = table.get("repeated ids", 0)
        gone = ids[noun] - len(column)
        untouched = min(gone, ids[noun] - counts[noun])
        new[f"{noun} without an interaction"] = untouched
        new[f"{noun} that lost their interactions to the filters"] = gone - untouched
    for what, number in {**new, **count_left_out(raw)}.items():
        if number:
            found[what] = found.get(what, 0) + number
    return found


INCOMPLETE = "rows without a required value (id, time or rating)"


ONE = {
    INCOMPLETE: INCOMPLETE.replace("rows", "row"),
    "rows without an event": "row without an event",
    "items without an id": "item without an id",
    "users without an id": "user without an id",
    "items without an interaction": "item without an interaction",
    "users without an interaction": "user without an interaction",
    "rows of items that repeat an id": "row of items that repeats an id",
    "rows of users that repeat an id": "row of users that repeats an id",
    "items that lost their interactions to the filters": "item that lost its interactions to the filters",
    "users that lost their interactions to the filters": "user that lost its interactions to the filters",
    "rows without a required value (relations)": "row without a required value (relations)",
    "rows that repeat another (relations)": "row that repeats another (relations)",
    "triples without an item": "triple without an item",
    "triples of an item with itself": "triple of an item with itself",
    "triples whose turned-round form is there": "triple whose turned-round form is there",
    "triples of items that are not in the data": "triple of an item that is not in the data",
    "links that repeat an item or an entity": "link that repeats an item or an entity",
    "links of items that are not in the data": "link of an item that is not in the data",
}
"""What is left out, where it is only one."""


def what_is_left_out(gone: Mapping[str, int]) -> list[str]:
    """``1 item without an id``, ``3 users without an id``"""
    return [pluralize(number, ONE.get(what, what), what) for what, number in gone.items()]


def find_doubtful_values(raw: Raw) -> list[str]:
    """Sentences on times that cannot be true, and on ids that may stand for a missing one."""
    found = list(raw.notes.get("odd times", ()))
    for noun, words in raw.notes.get("words as ids", {}).items():
        found.append(
            f"taken as {noun} ids: {', '.join(map(repr, words))} (no ids: data.reader.missing=[{','.join(words)}])"
        )
    before = [
        text
        for text in raw.notes.get("processed from", {}).get("warnings", ())
        if "without a required value" not in text
    ]
    return [*before, *(text for text in found if text not in before)]


def format_time(time: float) -> str:
    """A time as a date where it can be one (seconds since 1970), else as a number (a position)."""
    if not (1e8 <= time < 1e11 or -6e10 < time <= -1e8):
        return f"{time:g}"
    return f"{datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=float(time)):%Y-%m-%d %H:%M:%S}"


SHOWN_APART = ("name", "cleaning", "read", "source", "groups", "left out", "warnings")


def table(card: Mapping[str, Any]) -> str:
    """The card as text: what each filter left, then the figures."""
    wide = max([44, *(len(step["filter"]) for step in card["cleaning"])])
    lines = [f"{card['name']}", f"  {'filter':<{wide}}{'users':>10}{'items':>10}{'interactions':>14}"]
    lines += [
        f"  {step['filter']:<{wide}}{step['users']:>10,}{step['items']:>10,}{step['interactions']:>14,}"
        for step in card["cleaning"]
    ]
    gone = what_is_left_out(card.get("left out", {}))
    lines += ["", f"  {'left out':<38}" + (f"\n  {'':<38}".join(gone) or "nothing")]
    for name, value in card.items():
        if name not in SHOWN_APART and value not in ({}, None, ""):
            lines.append(f"  {name:<38}{format_value(value)}")
    for name, group in card.get("groups", {}).items():
        lines.append(f"  {name + ' groups':<38}{format_value(group['sizes'])}")
        lines.append(f"  {'':<38}{group['rule']}")
    lines += [f"  warning: {text}" for text in card.get("warnings", ())]
    return "\n".join(lines)


def format_value(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {format_value(part)}" for name, part in value.items())
    if isinstance(value, float):
        return f"{value:.4f}"
    return f"{value:,}" if isinstance(value, int) else str(value)
