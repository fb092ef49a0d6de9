"""The output of every reader: interactions with coded ids, before any cleaning."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ltgnn.data.blocks import counts, relabel, shrink
from ltgnn.types import Relation

Codes = NDArray[np.int32]
WHOLE = "whole numbers"


@dataclass
class Raw:
    """Rows as read; ``users`` and ``items`` are positions in ``user_ids`` and ``item_ids``.

    The order of the ids is the order of the nodes of the graph; ids without a row are kept until cleaning. Cleaning
    changes the columns of rows in place.
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
    event_codes: dict[str, Codes] = field(default_factory=dict)  # field -> [rows] position in its event_values
    event_values: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # field -> its values, unique
    item_fields: Mapping[str, pl.Series] = field(default_factory=dict)  # [I] String, "" where missing
    item_numbers: Mapping[str, NDArray[np.float32]] = field(default_factory=dict)  # [I] nan where missing
    item_vectors: Mapping[str, NDArray[Any]] = field(default_factory=dict)  # [I, D] precomputed features
    user_fields: Mapping[str, pl.Series] = field(default_factory=dict)  # [U] String, "" where missing
    relations: Mapping[str, Relation] = field(default_factory=dict)  # type -> edges of the items
    images: Mapping[str, Path] = field(default_factory=dict)  # item id -> file
    notes: Mapping[str, Any] = field(default_factory=dict)  # what the reader saw and dropped; plain values

    def __len__(self) -> int:
        return self.users.size

    def keep(self, kept: NDArray[np.bool_]) -> None:
        """Leaves the rows marked [rows], column after column and in place; all ids stay."""
        columns = vars(self)
        for name in ("users", "items", "times", "ratings", "weights", "parts"):
            if columns[name] is not None:
                shrink(columns, name, kept)
        for name in list(self.event_codes):
            shrink(self.event_codes, name, kept)


class Reader(Protocol):
    """Reads the files of one format from a folder."""

    def __call__(self, folder: Path) -> Raw: ...


def canonical(codes: Codes, numbers: NDArray[Any], texts: pl.Series) -> pl.Series:
    """The texts in their canonical order; ``codes``, in which ``numbers`` refer to them, become positions in it."""
    order = _order(texts)
    lookup = np.zeros(int(numbers.max(initial=0)) + 1, dtype=np.int32)
    lookup[numbers[order.to_numpy()]] = np.arange(len(texts), dtype=np.int32)
    relabel(codes, lookup)
    return texts.gather(order)


def code(codes: Codes, texts: pl.Series, ids: pl.Series | None) -> pl.Series:
    """The ids in their final order; ``codes``, positions in ``texts``, become positions in it.

    ``ids`` fixes the order (first the ids named there, then the others); without it ids are sorted by value if
    all are whole numbers without leading zeros, else by text. Texts without a row are omitted. "007" and "7" are two
    ids.
    """
    seen = counts(codes, len(texts)) > 0
    if ids is None and seen.all():
        return texts  # in canonical order as read
    numbers, texts = np.flatnonzero(seen), texts.filter(seen)
    if ids is None:
        return canonical(codes, numbers, texts)
    ordered = pl.concat([ids, in_order(texts.filter(~texts.is_in(ids.implode())))]).rename("")
    position = pl.DataFrame({"id": ordered}).with_row_index("position")
    places = pl.DataFrame({"id": texts}).join(position, on="id", how="left", maintain_order="left")["position"]
    lookup = np.zeros(seen.size, dtype=np.int32)
    lookup[numbers] = places.to_numpy()
    relabel(codes, lookup)
    return ordered


def in_order(ids: pl.Series) -> pl.Series:
    """Unique ids in their canonical order: by value if all are plain whole numbers, else by text."""
    return ids.gather(_order(ids))


def _order(ids: pl.Series) -> pl.Series:
    return (ids.cast(pl.Int64) if id_type(ids) == WHOLE else ids).arg_sort()


def id_type(ids: pl.Series) -> str:
    """What ids look like, for the data card; they are texts in any case."""
    return WHOLE if len(ids) and ids.str.contains(r"^(0|[1-9][0-9]{0,17})$").all() else "texts, kept as they are"


def counts_of(raw: Raw) -> dict[str, int]:
    """Users and items with a row, rows, and rows of each official part."""
    users = np.count_nonzero(counts(raw.users, len(raw.user_ids)))
    items = np.count_nonzero(counts(raw.items, len(raw.item_ids)))
    found = {"users": int(users), "items": int(items), "interactions": len(raw)}
    if raw.parts is not None:
        sizes = counts(raw.parts, len(raw.part_names)).tolist()
        found |= dict(zip(raw.part_names, sizes, strict=True))
    return found
