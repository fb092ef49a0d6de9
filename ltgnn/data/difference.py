"""How two data sets, or two splits, differ: counts, ids, pairs, times, weights, texts, numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl
import torch

from ltgnn.data.card import format_time
from ltgnn.data.related import edges_in_order
from ltgnn.io.pluralize import pluralize
from ltgnn.types import Dataset, Interactions

EXAMPLES = 3


@dataclass(frozen=True)
class DatasetSide:
    """One of the two: a data set and the parts to compare (of the data set itself or of a split)."""

    name: str
    dataset: Dataset
    parts: Mapping[str, Interactions]


def difference(left: DatasetSide, right: DatasetSide) -> list[str]:
    """One line per difference, in raw ids; empty where both hold the same."""
    lines = []
    for noun in ("user", "item"):
        lines += _ids(noun, left, right)
    one, two = _pairs(left), _pairs(right)
    for here, there, side in ((one, two, left), (two, one, right)):
        only = here.join(there, on=["user", "item"], how="anti")
        if len(only):
            lines.append(f"{pluralize(len(only), 'pair')} only in {side.name}, e.g. {_examples(only)}")
    both = one.join(two, on=["user", "item"], suffix="_right")
    both_split = (pl.col("part") != "all") & (pl.col("part_right") != "all")  # an uncut set has no parts to compare
    moved = both.filter(both_split & (pl.col("part") != pl.col("part_right")))
    for (before, after), rows in sorted(moved.group_by("part", "part_right"), key=lambda group: group[0]):
        lines.append(f"{pluralize(len(rows), 'pair')} in {before} of {left.name}, but in {after} of {right.name}")
    for column in ("time", "weight"):
        lines += _values(column, both, left, right)
    return lines + _fields(left, right) + _numbers(left, right) + _relations(left, right)


def summary(left: DatasetSide, right: DatasetSide) -> str:
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


def _ids(noun: str, left: DatasetSide, right: DatasetSide) -> list[str]:
    ids = [list(getattr(side.dataset, f"{noun}_ids")) for side in (left, right)]
    lines = []
    for here, there, side in ((ids[0], ids[1], left), (ids[1], ids[0], right)):
        known = set(there)
        only = [name for name in here if name not in known]
        if only:
            examples = ", ".join(map(repr, only[:EXAMPLES]))
            lines.append(f"{pluralize(len(only), noun)} only in {side.name}, e.g. {examples}")
    if not lines and ids[0] != ids[1]:
        lines.append(f"the same {noun}s in another order: their numbers differ, and so do fingerprints")
    return lines


def _pairs(side: DatasetSide) -> pl.DataFrame:
    users, items = (pl.Series(ids, dtype=pl.String) for ids in (side.dataset.user_ids, side.dataset.item_ids))
    return pl.concat(
        pl.DataFrame(
            {
                "user": users[pairs.users.numpy()],
                "item": items[pairs.items.numpy()],
                **{
                    name: pl.repeat(None, len(pairs), dtype=pl.Float64, eager=True)
                    if column is None
                    else pl.Series(column.double().numpy())
                    for name, column in (("time", pairs.times), ("weight", pairs.weights))
                },
            }
        ).with_columns(part=pl.lit(part))
        for part, pairs in side.parts.items()
    )


def _values(name: str, both: pl.DataFrame, left: DatasetSide, right: DatasetSide) -> list[str]:
    """The pairs of both whose time (weight) differs, and whether only one side has any."""
    here, there = (
        any(getattr(pairs, f"{name}s") is not None for pairs in side.parts.values()) for side in (left, right)
    )
    if here != there:
        return [f"{name}s only in {(left if here else right).name}"]
    other = both.filter(pl.col(name).ne_missing(pl.col(f"{name}_right")))
    if other.is_empty():
        return []
    shown = [
        f"({row['user']}, {row['item']}): {as_text(name, row[name])} and {as_text(name, row[f'{name}_right'])}"
        for row in other.sort("user", "item").head(EXAMPLES).iter_rows(named=True)
    ]
    return [f"{pluralize(len(other), 'pair')} with another {name}, e.g. {', '.join(shown)}"]


def as_text(name: str, value: float | None) -> str:
    if value is None:
        return "none"
    return format_time(value) if name == "time" and value % 1 == 0 else repr(value)


def _examples(pairs: pl.DataFrame) -> str:
    rows = pairs.sort("user", "item").head(EXAMPLES).iter_rows(named=True)
    return ", ".join(f"({row['user']}, {row['item']})" for row in rows)


def _fields(left: DatasetSide, right: DatasetSide) -> list[str]:
    lines = []
    for noun in ("item", "user"):
        one, two = (dict(getattr(side.dataset, f"{noun}_fields")) for side in (left, right))
        for name in dict.fromkeys((*one, *two)):
            if name not in one or name not in two:
                lines.append(f"the {noun} field {name!r} only in {(left if name in one else right).name}")
                continue
            lines += _describe_changes(noun, name, left, right, one[name], two[name])
    return lines


def _relations(left: DatasetSide, right: DatasetSide) -> list[str]:
    """Relations of the items; their numbers are compared where both sets number the items alike."""
    lines = []
    one, two = left.dataset.relations, right.dataset.relations
    alike = list(left.dataset.item_ids) == list(right.dataset.item_ids)
    for name in dict.fromkeys((*one, *two)):
        if name not in one or name not in two:
            lines.append(f"the relation {name!r} only in {(left if name in one else right).name}")
        elif alike and not torch.equal(edges_in_order(one[name]), edges_in_order(two[name])):
            lines.append(f"the relation {name!r} has other edges: {len(one[name]):,} and {len(two[name]):,}")
    return lines


def _numbers(left: DatasetSide, right: DatasetSide) -> list[str]:
    """Numbers and vectors of the items."""
    lines = []
    one, two = ({**side.dataset.item_numbers, **side.dataset.item_vectors} for side in (left, right))
    for name in dict.fromkeys((*one, *two)):
        if name not in one or name not in two:
            lines.append(f"the item number {name!r} only in {(left if name in one else right).name}")
            continue
        rows = [[column[n].numpy().tobytes() for n in range(len(column))] for column in (one[name], two[name])]
        lines += _describe_changes("item", name, left, right, *rows)
    return lines


def _describe_changes(
    noun: str, name: str, left: DatasetSide, right: DatasetSide, one: Sequence[Any], two: Sequence[Any]
) -> list[str]:
    ids, others = (getattr(side.dataset, f"{noun}_ids") for side in (left, right))
    place = {id: number for number, id in enumerate(others)}
    changed = [id for id, value in zip(ids, one, strict=True) if id in place and two[place[id]] != value]
    if not changed:
        return []
    return [f"{pluralize(len(changed), noun)} with another {name!r}, e.g. {', '.join(map(repr, changed[:EXAMPLES]))}"]
