"""Parquet files as table files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import polars as pl
import polars.selectors as cs

from ltgnn.data.columns import Column, Kind, Rows, explain, read_whole, require_columns
from ltgnn.types import UserError

PIECE = 1 << 16
"""Rows read at a time: the usual row group has as many or more."""


@dataclass(frozen=True)
class Parquet:
    """Rows are counted from 1 in messages; times may be dates or numbers, ids texts or whole numbers."""

    file: Path
    piece: int = PIECE  # rows read at a time

    @cached_property
    def schema(self) -> dict[str, pl.DataType]:
        """Column -> type."""
        if not self.file.is_file():
            raise UserError(f"No file {self.file}. Check data.files and the file names in data.reader.")
        try:
            return dict(pl.read_parquet_schema(self.file))
        except (pl.exceptions.PolarsError, OSError) as error:
            raise UserError(f"{self.file}: not a Parquet file: {str(error).splitlines()[0]}") from error

    def read(self, columns: Mapping[str, Column], drop_incomplete: bool = False) -> Rows:
        self.schema_of(columns)
        return read_whole(self, columns, drop_incomplete)

    def schema_of(self, columns: Mapping[str, Column]) -> Mapping[str, Any]:
        require_columns(self.file, columns, list(self.schema), "Correct the file or the column names in data.reader.")
        return self.schema

    def pieces(self, schema: Mapping[str, Any], values: Sequence[pl.Expr]) -> Iterator[pl.DataFrame]:
        lazy = pl.scan_parquet(self.file)
        rows = lazy.select(pl.len()).collect().item()
        for start in range(0, rows, self.piece):  # the streaming engine reads ahead and holds far more than a piece
            yield lazy.slice(start, self.piece).select(values).collect()

    def place(self, column: str, values: Sequence[str]) -> str:
        texts = pl.read_parquet(self.file, columns=[column])[column].cast(pl.String)
        found = texts.is_in(values).arg_max() or 0
        return f"{self.file}, row {found + 1}, column {column!r}"

    def notes(self) -> dict[str, Any]:
        return {"file": self.file.name, "format": "Parquet"}

    def explain(self, columns: Mapping[str, Column], drop_incomplete: bool) -> None:
        names = [column.name for column in columns.values()]
        lazy = (
            pl.scan_parquet(self.file)
            .select(names)
            .with_columns(cs.float().fill_nan(None))
            .cast(pl.String)
            .with_row_index("row", offset=1)
        )
        for batch in lazy.collect_batches(chunk_size=100_000):
            for row in batch.iter_rows(named=True):
                for column in columns.values():
                    place = f"{self.file}, row {row['row']}, column {column.name!r}"
                    explain(place, column, row[column.name], drop_incomplete)
                    self._explain_id(place, column, row[column.name])

    def _explain_id(self, place: str, column: Column, given: str | None) -> None:
        if column.kind is Kind.ID and self.schema[column.name].is_float() and given and float(given) % 1:
            raise UserError(f"{place}: {given} is not a whole number; ids are texts or whole numbers. Cast the column.")
