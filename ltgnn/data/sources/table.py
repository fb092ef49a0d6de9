"""Any delimited table of interactions, with or without a table of items."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ltgnn.data.delimited import Dialect
from ltgnn.data.raw import Raw
from ltgnn.data.tables import ItemTable, RowTable, assemble


@dataclass(frozen=True)
class Table:
    """CSV, TSV and the like; every column is named, nothing is guessed."""

    interactions: str
    items: str | None
    separator: str
    quote: str | None  # None: quotes are ordinary signs
    user: str
    item: str
    rating: str | None
    time: str | None
    item_key: str  # column of the item file that holds the item ids
    item_fields: Mapping[str, str]  # our name -> column of the item file
    item_numbers: Mapping[str, str]
    keep_unknown_items: bool

    def __call__(self, folder: Path) -> Raw:
        dialect = Dialect(self.separator, self.quote)
        rows = RowTable(folder / self.interactions, dialect, self.user, self.item, self.rating, self.time)
        items = None
        if self.items is not None:
            items = ItemTable(folder / self.items, dialect, self.item_key, self.item_fields, self.item_numbers)
        return assemble(rows, items, self.keep_unknown_items)
