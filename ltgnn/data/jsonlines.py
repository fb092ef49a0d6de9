"""JSON Lines (one object a line, gzip or not) as table files."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from ltgnn.data.columns import Column, Rows, explain, read_whole
from ltgnn.data.delimited import PIECE, open_text, unreadable
from ltgnn.types import Mistake


@dataclass(frozen=True)
class JsonLines:
    """Columns are the keys of the objects; a key that a line lacks has no value there. Lists stay JSON text."""

    file: Path

    def read(self, columns: Mapping[str, Column], drop_incomplete: bool = False) -> Rows:
        schema = self.schema_of(columns)
        return read_whole(self, pl.scan_ndjson(self.file, schema=schema), columns, drop_incomplete)

    def schema_of(self, columns: Mapping[str, Column]) -> Mapping[str, Any]:
        if not self.file.is_file():
            raise Mistake(f"No file {self.file}. Check data.files and the file names in data.reader.")
        return {column.name: pl.String() for column in columns.values()}

    def pieces(self, schema: Mapping[str, Any], values: Sequence[pl.Expr]) -> Iterator[pl.DataFrame]:
        lazy = pl.scan_ndjson(self.file, schema=dict(schema))
        yield from lazy.select(values).collect_batches(chunk_size=PIECE, maintain_order=True)

    def place(self, column: str, values: Sequence[str]) -> str:
        wanted = set(values)
        lines = (line for line, fields in self._objects() if str(fields.get(column)) in wanted)
        return f"{self.file}, line {next(lines, 0)}, column {column!r}"

    def notes(self) -> dict[str, Any]:
        return {"file": self.file.name, "format": "JSON Lines"}

    def _objects(self) -> Iterator[tuple[int, dict[str, Any]]]:
        with open_text(self.file) as stream:
            for line, text in enumerate(stream, start=1):
                if not text.strip():
                    continue
                try:
                    fields = json.loads(text)
                except ValueError as error:
                    raise Mistake(
                        f"{self.file}, line {line}: not JSON ({error}). Mend the line or delete it."
                    ) from None
                if not isinstance(fields, dict):
                    raise Mistake(f"{self.file}, line {line}: wanted a JSON object {{...}}, not {text.strip()[:40]!r}.")
                yield line, fields

    def explain(self, columns: Mapping[str, Column], drop_incomplete: bool) -> None:
        line = 0
        try:
            for line, fields in self._objects():
                for column in columns.values():
                    given = fields.get(column.name)
                    place = f"{self.file}, line {line}, column {column.name!r}"
                    explain(place, column, None if given is None else str(given), drop_incomplete)
        except (UnicodeDecodeError, EOFError, OSError) as error:
            raise unreadable(self.file, line, error) from error
