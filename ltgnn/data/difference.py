"""How two data sets, or two splits, differ: counts, ids, pairs, texts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from ltgnn.types import Dataset, Interactions

EXAMPLES = 3


@dataclass(frozen=True)
class Side:
    """One of the two: a data set and the parts to compare (of the data set itself or of a split)."""

    name: str
    dataset: Dataset
    parts: Mapping[str, Interactions]


def difference(left: Side, right: Side) -> list[str]:
    """One line per difference, in raw ids; empty where both hold the same."""
    lines = []
    for noun in ("user", "item"):
        lines += _ids(noun, left, right)
    one, two = _pairs(left), _pairs(right)
    for here, there, side in ((one, two, left), (two, one, right)):
        only = here.join(there, on=["user", "item"], how="anti")
        if len(only):
            lines.append(f"{len(only):,} pairs only in {side.name}, e.g. {_examples(only)}")
    both = one.join(two, on=["user", "item"], suffix="_right")
    cut = (pl.col("part") != "all") & (pl.col("part_right") != "all")  # an uncut set has no parts to compare
    moved = both.filter(cut & (pl.col("part") != pl.col("part_right")))
    for (before, after), rows in sorted(moved.group_by("part", "part_right"), key=lambda group: group[0]):
        lines.append(f"{len(rows):,} pairs in {before} of {left.name} are in {after} of {right.name}")
    return lines + _fields(left, right)


def summary(left: Side, right: Side) -> str:
    """The counts of both side by side."""
    rows = [("", left.name, right.name)]
    rows += [
        ("users", f"{left.dataset.num_users:,}", f"{right.dataset.num_users:,}"),
        ("items", f"{left.dataset.num_items:,}", f"{right.dataset.num_items:,}"),
    ]
    for part in dict.fromkeys((*left.parts, *right.parts)):
        one, two = (f"{len(side.parts[part]):,}" if part in side.parts else "-" for side in (left, right))
        rows.append((part, one, two))
    wide = [max(len(row[column]) for row in rows) for column in range(3)]
    return "\n".join(f"  {row[0]:<{wide[0]}}  {row[1]:>{wide[1]}}  {row[2]:>{wide[2]}}" for row in rows)


def _ids(noun: str, left: Side, right: Side) -> list[str]:
    ids = [list(getattr(side.dataset, f"{noun}_ids")) for side in (left, right)]
    lines = []
    for here, there, side in ((ids[0], ids[1], left), (ids[1], ids[0], right)):
        known = set(there)
        only = [name for name in here if name not in known]
        if only:
            examples = ", ".join(map(repr, only[:EXAMPLES]))
            lines.append(f"{len(only):,} {noun}s only in {side.name}, e.g. {examples}")
    if not lines and ids[0] != ids[1]:
        lines.append(f"the same {noun}s in another order: their numbers differ, and so do fingerprints")
    return lines


def _pairs(side: Side) -> pl.DataFrame:
    users, items = (pl.Series(ids, dtype=pl.String) for ids in (side.dataset.user_ids, side.dataset.item_ids))
    return pl.concat(
        pl.DataFrame({"user": users[pairs.users.numpy()], "item": items[pairs.items.numpy()]}).with_columns(
            part=pl.lit(part)
        )
        for part, pairs in side.parts.items()
    )


def _examples(pairs: pl.DataFrame) -> str:
    rows = pairs.sort("user", "item").head(EXAMPLES).iter_rows(named=True)
    return ", ".join(f"({row['user']}, {row['item']})" for row in rows)


def _fields(left: Side, right: Side) -> list[str]:
    lines = []
    one, two = left.dataset, right.dataset
    place = {item: number for number, item in enumerate(two.item_ids)}
    for name in dict.fromkeys((*one.item_fields, *two.item_fields)):
        if name not in one.item_fields or name not in two.item_fields:
            lines.append(f"the item field {name!r} only in {(left if name in one.item_fields else right).name}")
            continue
        other = two.item_fields[name]
        changed = [
            item
            for item, text in zip(one.item_ids, one.item_fields[name], strict=True)
            if item in place and other[place[item]] != text
        ]
        if changed:
            lines.append(
                f"{len(changed):,} items with another {name!r}, e.g. {', '.join(map(repr, changed[:EXAMPLES]))}"
            )
    return lines
