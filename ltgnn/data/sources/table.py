"""Any table of interactions, with or without a table of items: CSV, TSV, JSON Lines, Parquet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ltgnn.data.columns import TableFile
from ltgnn.data.delimited import Delimited
from ltgnn.data.jsonlines import JsonLines
from ltgnn.data.parquet import Parquet
from ltgnn.data.raw import Raw
from ltgnn.data.rows import RowTable
from ltgnn.data.tables import NodeTable, assemble


@dataclass(frozen=True)
class Table:
    """The columns are named by the yaml or on the command line."""

    interactions: Mapping[str, str]  # {"all": file}, or {"train": ..., "val": ..., "test": ...}
    items: str | None
    separator: str | None  # None: found in the first line
    quote: str | None  # None: quotes are ordinary signs
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
    time_unit: str = "auto"  # of numbers: s, ms, us, ns; auto: by their range
    missing: Sequence[str] = ()  # words that are no id, e.g. ["NA", "null"]

    def __call__(self, folder: Path) -> Raw:
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
            drop_incomplete=self.drop_incomplete,
        )
        items = None
        if self.items is not None:
            file = self._file(folder / self.items, None)
            items = NodeTable(
                file,
                self.item_key,
                self.item_fields,
                self.item_numbers,
                self.first_counts,
                self.drop_incomplete,
                self.missing,
            )
        return assemble(rows, items, keep_unknown=self.keep_unknown)

    def _file(self, file: Path, names: Sequence[str] | None) -> TableFile:
        return table_file(file, self.separator, self.quote, names)


def table_file(
    file: Path, separator: str | None = None, quote: str | None = '"', names: Sequence[str] | None = None
) -> TableFile:
    """A file as a table by its ending: Parquet, JSON Lines (also packed), else text with separators."""
    if file.suffix in (".parquet", ".pq"):
        return Parquet(file)
    if {".jsonl", ".ndjson"} & set(file.suffixes[-2:]):
        return JsonLines(file)
    return Delimited(file, separator, quote, names)
