"""What every reader hands over: interactions with coded ids, before any cleaning."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import polars as pl
from numpy.typing import NDArray

Codes = NDArray[np.int32]
WHOLE = "whole numbers"


@dataclass(frozen=True)
class Raw:
    """Rows as read; ``users`` and ``items`` are positions in ``user_ids`` and ``item_ids``.

    The order of the ids is the order of the nodes of the graph; ids without a row are kept until cleaning.
    """

    users: Codes  # [rows]
    items: Codes  # [rows]
    user_ids: pl.Series  # [U] String, unique
    item_ids: pl.Series  # [I] String, unique
    times: NDArray[np.float64] | None = None  # [rows] larger is later
    ratings: NDArray[np.float32] | None = None  # [rows] stars; only for the threshold
    weights: NDArray[np.float32] | None = None  # [rows] strength of the event
    parts: NDArray[np.int8] | None = None  # [rows] position in part_names
    part_names: tuple[str, ...] = ("all",)
    item_fields: Mapping[str, pl.Series] = field(default_factory=dict)  # [I] String, "" where missing
    item_numbers: Mapping[str, NDArray[np.float32]] = field(default_factory=dict)  # [I] nan where missing
    item_vectors: Mapping[str, NDArray[Any]] = field(default_factory=dict)  # [I, D] precomputed features
    user_fields: Mapping[str, pl.Series] = field(default_factory=dict)  # [U] String, "" where missing
    notes: Mapping[str, Any] = field(default_factory=dict)  # what the reader saw and dropped; plain values

    def __len__(self) -> int:
        return self.users.size

    def rows(self, chosen: NDArray[Any]) -> Raw:
        """The rows named by a boolean mask or by row numbers; all ids stay."""

        def pick(column: NDArray[Any] | None) -> NDArray[Any] | None:
            return None if column is None else column[chosen]

        return replace(
            self,
            users=self.users[chosen],
            items=self.items[chosen],
            times=pick(self.times),
            ratings=pick(self.ratings),
            weights=pick(self.weights),
            parts=pick(self.parts),
        )


class Reader(Protocol):
    """Reads the files of one format from a folder."""

    def __call__(self, folder: Path) -> Raw: ...


def code(column: pl.Series, ids: pl.Series | None) -> tuple[Codes, pl.Series]:
    """Codes a Categorical column of raw ids.

    ``ids`` fixes the order (first the ids named there, then the others); without it ids are sorted by value if
    all are whole numbers without leading zeros, else by text. "007" and "7" are two ids. Returns codes [rows], ids.
    """
    present = column.unique().drop_nulls()
    names = present.cast(pl.String)
    if ids is None:
        ordered = in_order(names)
    else:
        ordered = pl.concat([ids, in_order(names.filter(~names.is_in(ids.implode())))]).rename("")
    position = pl.DataFrame({"id": ordered}).with_row_index("position")
    places = pl.DataFrame({"id": names}).join(position, on="id", how="left", maintain_order="left")["position"]
    physical = present.to_physical().to_numpy()
    lookup = np.zeros(int(physical.max()) + 1 if physical.size else 0, dtype=np.int32)
    lookup[physical] = places.to_numpy()
    return lookup[column.to_physical().to_numpy()], ordered


def in_order(ids: pl.Series) -> pl.Series:
    """Unique ids in their canonical order: by value if all are plain whole numbers, else by text."""
    if id_type(ids) == WHOLE:
        return ids.cast(pl.Int64).sort().cast(pl.String)
    return ids.cast(pl.String).sort()


def id_type(ids: pl.Series) -> str:
    """What ids look like, for the data card; they are texts in any case."""
    return WHOLE if len(ids) and ids.str.contains(r"^(0|[1-9][0-9]{0,17})$").all() else "texts, kept as they are"


def counts_of(raw: Raw) -> dict[str, int]:
    """Users and items with a row, rows, and rows of each official part."""
    users = np.count_nonzero(np.bincount(raw.users, minlength=1))
    items = np.count_nonzero(np.bincount(raw.items, minlength=1))
    counts = {"users": int(users), "items": int(items), "interactions": len(raw)}
    if raw.parts is not None:
        sizes = np.bincount(raw.parts, minlength=len(raw.part_names)).tolist()
        counts |= dict(zip(raw.part_names, sizes, strict=True))
    return counts
