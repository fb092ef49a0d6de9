"""Figures of a data set for its card: size, sparsity, long tail, time."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import numpy as np

from ltgnn.data.blocks import counts as rows_of
from ltgnn.data.raw import Raw


def figures(raw: Raw) -> dict[str, Any]:
    """Users, items, interactions, sparsity; share of the top 20 % items; share of items below 10; dates.

    The items of the whole set are the base; the top 20 % are the ``floor(.2 * I)`` most popular ones.
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
    }
    if raw.times is not None and len(raw):
        card["times"] = {"first": moment(raw.times.min()), "last": moment(raw.times.max())}
    return card


def moment(time: float) -> str:
    """A time as a date where it can be one (seconds since 1970), else as a number (a position)."""
    if time < 1e8:
        return f"{time:g}"
    return f"{datetime.fromtimestamp(time, UTC):%Y-%m-%d %H:%M:%S}"


def table(card: Mapping[str, Any]) -> str:
    """The card as text: what each filter left, then the figures."""
    lines = [f"{card['name']}", f"  {'filter':<44}{'users':>10}{'items':>10}{'interactions':>14}"]
    lines += [
        f"  {step['filter']:<44}{step['users']:>10,}{step['items']:>10,}{step['interactions']:>14,}"
        for step in card["cleaning"]
    ]
    lines.append("")
    for name, value in card.items():
        if name not in ("name", "cleaning", "read", "source", "groups") and value not in ({}, None):
            lines.append(f"  {name:<38}{_plain(value)}")
    for name, group in card.get("groups", {}).items():
        lines.append(f"  {name + ' groups':<38}{_plain(group['sizes'])}")
        lines.append(f"  {'':<38}{group['rule']}")
    return "\n".join(lines)


def _plain(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {_plain(part)}" for name, part in value.items())
    if isinstance(value, float):
        return f"{value:.4f}"
    return f"{value:,}" if isinstance(value, int) else str(value)
