"""RecBole's atomic files: tab separated, a typed first line such as ``user_id:token<TAB>item_id:token``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ltgnn.data.delimited import Dialect
from ltgnn.data.raw import Raw
from ltgnn.data.tables import ItemTable, RowTable, assemble

DIALECT = Dialect(separator="\t", quote=None, typed=True)


@dataclass(frozen=True)
class RecBoleAtomic:
    """``NAME.inter`` and ``NAME.item``; columns are named without RecBole's ``:type``.

    See https://recbole.io/docs/user_guide/data/atomic_files.html. The files know no quoting.
    """

    interactions: str
    items: str | None
    user: str
    item: str
    rating: str | None
    time: str | None
    item_fields: Mapping[str, str]  # our name -> column of the item file
    item_numbers: Mapping[str, str]
    keep_unknown_items: bool

    def __call__(self, folder: Path) -> Raw:
        rows = RowTable(folder / self.interactions, DIALECT, self.user, self.item, self.rating, self.time)
        items = None
        if self.items is not None:
            items = ItemTable(folder / self.items, DIALECT, self.item, self.item_fields, self.item_numbers)
        return assemble(rows, items, self.keep_unknown_items)
