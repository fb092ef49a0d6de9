"""A shop's pair of files: products.csv and user_behavior.csv with clicks and purchases."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ltgnn.data.delimited import Delimited
from ltgnn.data.raw import Raw
from ltgnn.data.rows import RowTable
from ltgnn.data.tables import NodeTable, assemble


@dataclass(frozen=True)
class ShopPair:
    """Every behaviour with at least one event is an interaction, weighted by the sum of its events.

    Rows without a required value (ids, time) are dropped and counted, in both files. Numbers of products (price,
    rating) are standardised later, with train statistics (``text=numbers``).
    """

    products: str
    behaviour: str
    separator: str | None  # None: found in the first line
    quote: str | None
    user: str
    item: str
    time: str | None
    time_format: str | None
    events: Mapping[str, float]  # column of counts -> weight of one such event
    item_fields: Mapping[str, str]
    item_numbers: Mapping[str, str]
    first_counts: bool
    keep_unknown: bool  # products that occur in the behaviour only
    time_unit: str = "auto"  # of numbers: s, ms, us, ns; auto: by their range
    missing: Sequence[str] = ()  # words that are no id, e.g. ["NA", "null"]

    def __call__(self, folder: Path) -> Raw:
        behaviour = Delimited(folder / self.behaviour, self.separator, self.quote)
        products = Delimited(folder / self.products, self.separator, self.quote)
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
        )
        items = NodeTable(
            products, self.item, self.item_fields, self.item_numbers, self.first_counts, True, self.missing
        )
        return assemble(rows, items, keep_unknown=self.keep_unknown)
