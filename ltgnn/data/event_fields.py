"""Fields of events, such as channel, store or device: coded while they are read, carried to the pairs, counted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import polars as pl
import torch
from numpy.typing import NDArray

from ltgnn.data.blocks import GrowingArray, by_code, counts
from ltgnn.data.raw import Raw, canonical, in_order
from ltgnn.types import UNKNOWN, EventField, Interactions

FIELD = "field "
"""Prefix that distinguishes fields of events from the other columns of a table of interactions."""


class CodedColumn:
    """A column of texts, read piece by piece: a code for each row, and the texts."""

    def __init__(self) -> None:
        self._codes = GrowingArray(np.int32)
        self._places: dict[str, int] = {}

    def extend(self, piece: pl.Series) -> None:
        """Appends texts; a missing one is ``UNKNOWN``."""
        texts = piece.fill_null(UNKNOWN)
        for text in texts.unique(maintain_order=True):
            self._places.setdefault(text, len(self._places))
        self._codes.extend(texts.replace_strict(self._places, return_dtype=pl.Int32).to_numpy())

    def values(self) -> tuple[str, ...]:
        """The texts in canonical order."""
        return tuple(in_order(self._texts()).to_list())

    def done(self) -> NDArray[np.int32]:
        """The position of each row's text in ``values``, [rows] int32; the column does not grow any more."""
        codes = self._codes.done()
        canonical(codes, np.arange(len(self._places)), self._texts())
        return codes

    def _texts(self) -> pl.Series:
        return pl.Series(list(self._places), dtype=pl.String)


def close_gaps(raw: Raw) -> None:
    """Drops values that no row has any more."""
    for name, codes in raw.event_codes.items():
        seen = counts(codes, len(raw.event_values[name])) > 0
        values = tuple(value for value, there in zip(raw.event_values[name], seen, strict=True) if there)
        raw.event_codes[name] = (np.cumsum(seen, dtype=np.int32) - 1)[codes]
        raw.event_values = {**raw.event_values, name: values}


def count_mixed_pairs(raw: Raw) -> dict[str, int]:
    """For each field, how many (user, item) pairs have rows of more than one value."""
    found = dict.fromkeys(raw.event_codes, 0)
    for rows in by_code(raw.users, len(raw.user_ids)) if found else ():
        keys = raw.users[rows].astype(np.int64) * len(raw.item_ids) + raw.items[rows]
        for name, codes in raw.event_codes.items():
            order = np.lexsort((codes[rows], keys))
            pair, value = keys[order], codes[rows][order]
            other = (pair[1:] == pair[:-1]) & (value[1:] != value[:-1])
            found[name] += np.unique(pair[1:][other]).size
    return found


def fields_of(raw: Raw, rows: NDArray[Any] | slice) -> dict[str, EventField]:
    """The fields of some rows."""
    return {
        name: EventField(torch.from_numpy(np.require(codes[rows], np.int32, "W")), raw.event_values[name])
        for name, codes in raw.event_codes.items()
    }


def describe_fields(raw: Raw) -> dict[str, Any]:
    """For the card: pairs of each value, and how many pairs had rows of several values before one row was kept."""
    found: dict[str, Any] = {}
    for name, codes in raw.event_codes.items():
        values = raw.event_values[name]
        sizes = counts(codes, len(values)).tolist()
        ordered = sorted(zip(values, sizes, strict=True), key=lambda pair: -pair[1])
        shown: dict[str, int] = dict(ordered[:SHOWN])
        if len(ordered) > SHOWN:
            shown[f"{len(ordered) - SHOWN} others"] = sum(size for _, size in ordered[SHOWN:])
        found[name] = {"values": len(values), "pairs": shown, **_several(raw.notes, name)}
    return {"event fields": found} if found else {}


SHOWN = 12
"""Values of a field that a card names."""

MIXED = "pairs with rows of several values"


def _several(notes: Mapping[str, Any], name: str) -> dict[str, int]:
    mixed = notes.get(MIXED, {}).get(name, 0)
    return {MIXED: mixed} if mixed else {}


def columns_of(pairs: Interactions, rows: slice) -> dict[str, pl.Series]:
    """The fields of some pairs as columns of a table, under their names with the prefix ``FIELD``."""
    return {
        FIELD + name: pl.Series(column.values, dtype=pl.String)[column.codes[rows].numpy()]
        for name, column in pairs.fields.items()
    }
