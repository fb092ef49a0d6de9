"""A shop's pair of files: products.csv and user_behavior.csv with clicks and purchases."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

from annotated_types import Gt

from ltgnn.data.columns import TableFile
from ltgnn.data.delimited import OPTIONS
from ltgnn.data.formats import table_file
from ltgnn.data.raw import Raw
from ltgnn.data.rows import RowTable
from ltgnn.data.tables import NodeTable, assemble


@dataclass(frozen=True)
class ShopPair:
    """Every behaviour with at least one event is an interaction, weighted by the sum of its events.

    Rows without a required value (ids, time) are dropped and counted, in both files. Numbers of products (price,
    rating) are standardised later, with train statistics (``features=numbers``).
    """

    products: str
    behaviour: str
    separator: str | None  # None: found in the first line
    quote: str | None
    user: str
    item: str
    time: str | None
    time_format: str | None
    events: Mapping[str, Annotated[float, Gt(0)]]  # column of counts -> weight of one such event
    item_fields: Mapping[str, str]
    item_numbers: Mapping[str, str]
    first_counts: bool
    keep_unknown: bool  # products that occur in the behaviour only
    encoding: str | None = None  # of text files; None: by a byte order mark, else UTF-8
    escape: str | None = None  # sign before a quote inside of a value, such as a backslash
    names: Sequence[str] | None = None  # columns of the behaviour; None: its first line has them
    product_names: Sequence[str] | None = None
    time_unit: Literal["auto", "s", "ms", "us", "ns"] = "auto"  # of numbers: s, ms, us, ns; auto: by their range
    missing: Sequence[str] = ()  # values that are not ids, e.g. ["NA", "null"]
    event_fields: Mapping[str, str] = field(default_factory=dict)  # our name -> column, such as channel or store

    def __call__(self, folder: Path) -> Raw:
        behaviour = self._file(folder / self.behaviour, self.names, "names")
        products = self._file(folder / self.products, self.product_names, "product_names")
        rows = RowTable(
            {"all": behaviour},
            self.user,
            self.item,
            time=self.time,
            time_format=self.time_format,
            time_unit=self.time_unit,
            missing=self.missing,
            events=self.events,
            drop_incomplete=True,
            fields=self.event_fields,
        )
        items = NodeTable(
            products, self.item, self.item_fields, self.item_numbers, self.first_counts, True, self.missing
        )
        return assemble(rows, items, keep_unknown=self.keep_unknown)

    def _file(self, file: Path, names: Sequence[str] | None, option: str) -> TableFile:
        options = {**OPTIONS, "names": f"data.reader.{option}"}
        return table_file(file, self.separator, self.quote, names, self.encoding, self.escape, options=options)
