"""Delimited text files (CSV, TSV, ``::``, gzip or not) as table files."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import IO, Any, TypeVar

import polars as pl

from ltgnn.data.columns import Column, Rows, explain, need, read_whole
from ltgnn.types import Mistake

SEPARATORS = ("\t", "::", ",", ";", "|", " ")  # in the order in which they are sought
Read = TypeVar("Read")
PIECE = 1 << 18  # rows read at a time
UNIT = "\x1f"  # stands in for a separator of two signs


@dataclass(frozen=True)
class Delimited:
    """One row a line, or more where a quoted value holds line ends."""

    file: Path
    separator: str | None  # None: found in the first line
    quote: str | None  # None: quotes are ordinary signs
    names: Sequence[str] | None = None  # of the columns; None: the first line has them
    typed: bool = False  # names carry a type after a colon, as in RecBole's "user_id:token"
    encoding: str = "utf-8-sig"

    @cached_property
    def cut_at(self) -> str:
        """The separator, found in the first line where none is given: the most frequent of the usual ones."""
        if self.separator is not None:
            return self.separator
        with open_text(self.file, self.encoding, errors="replace") as stream:
            first = self._guarded(stream.readline)
        return max(SEPARATORS, key=lambda sign: (first.count(sign) > 0 and sign != " ", first.count(sign)))

    @cached_property
    def header(self) -> list[str]:
        """The names of the columns."""
        if self.names is not None:
            return list(self.names)
        first = self._guarded(lambda: next(self._lines(errors="replace"), (0, [])))[1]
        if not first:
            raise Mistake(f"{self.file} is empty; wanted a first line with column names and rows below it.")
        return [self._name(text) for text in first]

    def read(self, columns: Mapping[str, Column], drop_incomplete: bool = False) -> Rows:
        self.schema_of(columns)
        return read_whole(self, self._lazy(), columns, drop_incomplete)

    def schema_of(self, columns: Mapping[str, Column]) -> Mapping[str, Any]:
        need(self.file, columns, self.header, self._hint())
        return dict.fromkeys(self.header, pl.String())

    def pieces(self, schema: Mapping[str, Any], values: Sequence[pl.Expr]) -> Iterator[pl.DataFrame]:
        yield from self._lazy().select(values).collect_batches(chunk_size=PIECE, maintain_order=True)

    def _lazy(self) -> pl.LazyFrame:
        return pl.scan_csv(
            self._source(),
            separator=UNIT if len(self.cut_at) > 1 else self.cut_at,
            quote_char=self.quote,
            has_header=self.names is None,
            infer_schema=False,
            with_column_names=lambda _: self.header,
        )

    def place(self, column: str, values: Sequence[str]) -> str:
        at, wanted = self.header.index(column), set(values)
        lines = (line for line, row in self._lines() if len(row) > at and row[at].strip() in wanted)
        return f"{self.file}, line {next(lines, 0)}, column {column!r}"

    def notes(self) -> dict[str, Any]:
        found = " (found in the first line)" if self.separator is None else ""
        names = "given" if self.names is not None else "first line"
        return {"file": self.file.name, "separator": repr(self.cut_at) + found, "column names": names}

    def _name(self, text: str) -> str:
        return text.partition(":")[0].strip() if self.typed else text.strip()

    def _hint(self) -> str:
        if len(self.header) == 1 and self.names is None:
            return f"Is {self.cut_at!r} the separator? Set data.reader.separator, or mend the file."
        if all(name.replace(".", "", 1).isdigit() for name in self.header):
            return "The first line looks like data: name its columns with data.reader.names=[user,item,...]."
        return "Mend the file or the column names in data.reader."

    def _source(self) -> Path | bytes:
        """What polars reads: the file, or its text made plain (UTF-8, one-sign separator)."""
        if len(self.cut_at) == 1 and self.encoding.startswith("utf-8"):
            return self.file
        with open_text(self.file, self.encoding) as stream:
            return stream.read().replace(self.cut_at, UNIT if len(self.cut_at) > 1 else self.cut_at).encode()

    def _guarded(self, first: Callable[[], Read]) -> Read:
        """Reads the beginning of the file, which may be damaged."""
        try:
            return first()
        except (EOFError, OSError, csv.Error) as error:
            raise unreadable(self.file, 0, error) from error

    def _lines(self, errors: str = "strict") -> Iterator[tuple[int, list[str]]]:
        """Number of the first line of each row, and its fields; slow, for headers and messages."""
        with open_text(self.file, self.encoding, errors) as stream:
            lines: Iterator[str] = stream
            sign = self.cut_at
            if len(sign) > 1:
                lines, sign = (line.replace(self.cut_at, UNIT) for line in stream), UNIT
            if self.quote is None:
                rows = csv.reader(lines, delimiter=sign, quoting=csv.QUOTE_NONE)
            else:
                rows = csv.reader(lines, delimiter=sign, quotechar=self.quote)
            before = 0
            for row in rows:
                yield before + 1, row
                before = rows.line_num

    def explain(self, columns: Mapping[str, Column], drop_incomplete: bool) -> None:
        """Raises ``Mistake`` for the first row that does not fit."""
        line = 0
        try:
            for line, row in self._lines():
                if (line == 1 and self.names is None) or not any(row):
                    continue
                if len(row) > len(self.header):
                    raise Mistake(
                        f"{self.file}, line {line}: {len(row)} fields, but there are {len(self.header)} columns. "
                        f"Is {self.cut_at!r} the separator, or a value with one inside unquoted?"
                    )
                fields = dict(zip(self.header, row, strict=False))
                for column in columns.values():
                    place = f"{self.file}, line {line}, column {column.name!r}"
                    explain(place, column, fields.get(column.name), drop_incomplete)
        except (UnicodeDecodeError, EOFError, OSError, csv.Error) as error:
            raise unreadable(self.file, line, error) from error


def open_text(file: Path, encoding: str = "utf-8-sig", errors: str = "strict") -> IO[str]:
    """A file, plain or gzip, opened as text; "utf-8-sig" leaves out a byte order mark."""
    if not file.is_file():
        raise Mistake(f"No file {file}. Check data.files and the file names in data.reader.")
    with open(file, "rb") as stream:
        packed = stream.read(2) == b"\x1f\x8b"
    return (gzip.open if packed else open)(file, "rt", encoding=encoding, errors=errors, newline="")


def unreadable(file: Path, line: int, error: Exception) -> Mistake:
    """What to do about a file that breaks off, is damaged or not in the expected encoding."""
    if isinstance(error, UnicodeDecodeError):  # it was found in a block of many lines
        with open_text(file, "utf-8-sig", errors="surrogateescape") as stream:
            line = next((n for n, text in enumerate(stream, start=1) if not _is_utf8(text)), line)
        return Mistake(f"{file}, line {line}: not UTF-8 ({error.reason}). Convert it: iconv -t UTF-8 FILE.")
    if isinstance(error, EOFError):
        return Mistake(f"{file}, after line {line}: the compressed file is cut short. Fetch it again.")
    return Mistake(f"{file}, after line {line}: {error}")


def _is_utf8(text: str) -> bool:
    return not any("\udc80" <= sign <= "\udcff" for sign in text)
