"""Any table of interactions, with or without a table of items: CSV, TSV, JSON, Parquet, detected by content."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

from annotated_types import Ge

from ltgnn.data.columns import TableFile, droppable
from ltgnn.data.delimited import OPTIONS
from ltgnn.data.formats import table_file
from ltgnn.data.raw import Raw
from ltgnn.data.rows import RowTable, check_parts
from ltgnn.data.tables import NodeTable, assemble
from ltgnn.types import UserError


@dataclass(frozen=True)
class Table:
    """The columns are named by the yaml or on the command line."""

    interactions: Mapping[str, str]  # {"all": file}, or {"train": ..., "val": ..., "test": ...}
    items: str | None
    separator: str | None  # None: found in the first line
    quote: str | None  # None: quotes are ordinary characters
    names: Sequence[str] | None  # columns of the interactions; None: the first line has them
    user: str
    item: str
    rating: str | None
    time: str | None
    time_format: str | None  # "%Y-%m-%d %H:%M:%S", or iso; None: numbers
    item_key: str  # column of the item file that holds the item ids
    item_fields: Mapping[str, str]  # our name -> column of the item file
    item_numbers: Mapping[str, str]
    drop_incomplete: bool  # drop and count rows without a required value
    first_counts: bool  # of rows of the item file with the same id
    keep_unknown: bool  # items without a row in the item file
    encoding: str | None = None  # of text files; None: by a byte order mark, else UTF-8
    escape: str | None = None  # sign before a quote inside of a value, such as a backslash
    item_names: Sequence[str] | None = None  # columns of the item file; None: its first line has them
    time_unit: Literal["auto", "s", "ms", "us", "ns"] = "auto"  # of numbers: s, ms, us, ns; auto: by their range
    missing: Sequence[str] = ()  # values that are not ids, e.g. ["NA", "null"]
    weight: str | None = None  # column with the strength of the event; rows at 0 are left out
    event: str | None = None  # column with the kind of event, such as click or purchase
    event_weights: Mapping[str, Annotated[float, Ge(0)]] = field(default_factory=dict)  # its value -> weight of a row
    event_fields: Mapping[str, str] = field(default_factory=dict)  # our name -> column, such as channel or store

    def __call__(self, folder: Path) -> Raw:
        check_parts(self.interactions)
        check_weights(self.event, self.event_weights)
        parts = {part: self._file(folder / name, self.names) for part, name in self.interactions.items()}
        rows = RowTable(
            parts,
            self.user,
            self.item,
            self.rating,
            self.time,
            self.time_format,
            self.time_unit,
            self.missing,
            {} if self.weight is None else {self.weight: 1.0},
            self.event,
            self.event_weights,
            drop_incomplete=self.drop_incomplete,
            fields=self.event_fields,
        )
        items = None
        if self.items is not None:
            file = self._file(folder / self.items, self.item_names, {"names": "data.reader.item_names"})
            items = NodeTable(
                file,
                self.item_key,
                self.item_fields,
                self.item_numbers,
                self.first_counts,
                self.drop_incomplete,
                self.missing,
            )
        elif self.item_fields or self.item_numbers:
            named = ", ".join([*self.item_fields, *self.item_numbers])
            raise UserError(f"Columns of items are given ({named}), but no file of items: data.reader.items=FILE")
        with droppable():
            return assemble(rows, items, keep_unknown=self.keep_unknown)

    def _file(self, file: Path, names: Sequence[str] | None, options: Mapping[str, str] = OPTIONS) -> TableFile:
        return table_file(
            file, self.separator, self.quote, names, self.encoding, self.escape, options={**OPTIONS, **options}
        )


def check_weights(event: str | None, weights: Mapping[str, float]) -> None:
    """Raises ``UserError`` unless a column of events comes with weights, finite and not below 0."""
    if event is None and weights:
        raise UserError(
            f"Weights of events are given ({', '.join(weights)}), but not the column that names the event: "
            "data.reader.event=COLUMN"
        )
    if event is not None and not weights:
        example = "purchase"
        raise UserError(
            f"data.reader.event={event}: no weight of an event is given: +data.reader.event_weights.{example}=5"
        )
    for name, weight in weights.items():
        if isinstance(weight, bool) or not isinstance(weight, int | float) or not 0 <= weight < math.inf:
            raise UserError(f"data.reader.event_weights.{name}={weight}: a number of 0 or more wanted.")
