"""Delimited text files -> polars frames of checked columns, with mistakes named by file, line and column."""

from __future__ import annotations

import csv
import gzip
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import polars as pl

from ltgnn.types import Mistake

MISSING = ("", "nan", "NaN", "NULL", "null", "None", "NA", "<NA>")  # texts that stand for "no value" in ids and numbers


@dataclass(frozen=True)
class Dialect:
    """How a file is cut into fields."""

    separator: str
    quote: str | None  # None: quotes are ordinary signs
    typed: bool = False  # column names carry a type after a colon, as in RecBole's "user_id:token"

    def name(self, text: str) -> str:
        """The name of a column, from its text in the first line."""
        return text.partition(":")[0].strip() if self.typed else text.strip()


@dataclass(frozen=True)
class Column:
    """A column to read: its name in the file and what its values are."""

    name: str
    kind: pl.DataType | type[pl.DataType]  # Categorical: an id; Float64: a number; String: text
    required: bool  # a row without a value is a mistake
    least: float = -math.inf  # numbers below are a mistake


def read(file: Path, dialect: Dialect, columns: Mapping[str, Column], drop_incomplete: bool = False) -> pl.DataFrame:
    """Reads the columns (role -> column) of a file whose first line names them, streaming.

    Blank lines are skipped. Raises ``Mistake`` with file, line and column for the first value that does not fit;
    ``drop_incomplete`` drops rows without a required value instead.
    """
    names = header(file, dialect)
    for column in columns.values():
        if column.name not in names:
            raise Mistake(
                f"{file}: no column {column.name!r}. Its first line, cut at {dialect.separator!r}, names: "
                f"{', '.join(names)}. Mend the file, or the column names or separator in data.reader."
            )
    try:
        frame = _scan(file, dialect, columns)
    except (pl.exceptions.PolarsError, OSError) as error:
        _explain(file, dialect, names, columns, drop_incomplete)
        raise Mistake(f"{file}: not readable as a table: {str(error).splitlines()[0]}") from error
    if frame["bad"].any() or (not drop_incomplete and frame["incomplete"].any()):
        _explain(file, dialect, names, columns, drop_incomplete)
        raise Mistake(f"{file}: a value does not fit its column")
    return frame.filter(~pl.col("incomplete")).drop("bad", "incomplete")


def header(file: Path, dialect: Dialect) -> list[str]:
    """The column names in the first line."""
    with text_lines(file) as stream:
        first = next(_rows(stream, dialect), None)
    if not first:
        raise Mistake(f"{file} is empty; wanted a first line with column names and rows below it.")
    return [dialect.name(text) for text in first]


def text_lines(file: Path) -> IO[str]:
    """A file (plain or gzip) opened as UTF-8 text without its byte order mark."""
    if not file.is_file():
        raise Mistake(f"No file {file}. Check data.files and the file names in data.reader.")
    with open(file, "rb") as stream:
        packed = stream.read(2) == b"\x1f\x8b"
    opener = gzip.open if packed else open
    return opener(file, "rt", encoding="utf-8-sig", newline="")


def _rows(stream: IO[str], dialect: Dialect) -> Any:
    if dialect.quote is None:
        return csv.reader(stream, delimiter=dialect.separator, quoting=csv.QUOTE_NONE)
    return csv.reader(stream, delimiter=dialect.separator, quotechar=dialect.quote)


def _scan(file: Path, dialect: Dialect, columns: Mapping[str, Column]) -> pl.DataFrame:
    lazy = pl.scan_csv(
        file,
        separator=dialect.separator,
        quote_char=dialect.quote,
        infer_schema=False,
        with_column_names=lambda names: [dialect.name(text) for text in names],
    )
    bad, absent, values = [pl.lit(False)], [pl.lit(False)], []
    for role, column in columns.items():
        raw = pl.col(column.name)
        if column.kind == pl.String:
            value = raw
        else:
            raw = raw.str.strip_chars()
            raw = pl.when(raw.is_in(MISSING)).then(None).otherwise(raw)
            value = raw.cast(column.kind, strict=False)
        if column.kind == pl.Float64:
            bad.append(raw.is_not_null() & (value.is_null() | ~value.is_finite() | (value < column.least)))
        if column.required:
            absent.append(value.is_null())
        values.append(value.alias(role))
    blank = pl.all_horizontal(pl.col(column.name).is_null() for column in columns.values())
    frame = lazy.filter(~blank).select(
        *values,
        pl.any_horizontal(bad).fill_null(False).alias("bad"),
        pl.any_horizontal(absent).alias("incomplete"),
    )
    return frame.collect(engine="streaming")


def rows_with_lines(file: Path, dialect: Dialect) -> Iterator[tuple[int, list[str]]]:
    """Line number of the end of each row, and its fields; slow, for error messages only."""
    with text_lines(file) as stream:
        rows = _rows(stream, dialect)
        for row in rows:
            yield rows.line_num, row


def _explain(
    file: Path, dialect: Dialect, names: list[str], columns: Mapping[str, Column], drop_incomplete: bool
) -> None:
    """Raises ``Mistake`` for the first row that does not fit."""
    line = 0
    try:
        for line, row in rows_with_lines(file, dialect):
            if line == 1 or not any(row):
                continue
            if len(row) > len(names):
                raise Mistake(
                    f"{file}, line {line}: {len(row)} fields, but the first line names {len(names)}. "
                    f"Is {dialect.separator!r} the separator, or a value with one inside unquoted?"
                )
            fields = dict(zip(names, row, strict=False))
            for column in columns.values():
                _explain_value(f"{file}, line {line}, column {column.name!r}", column, fields, drop_incomplete)
    except UnicodeDecodeError as error:
        raise Mistake(f"{file}, after line {line}: not UTF-8 ({error.reason}). Convert it: iconv -t UTF-8.") from error
    except (EOFError, OSError) as error:
        raise Mistake(
            f"{file}, after line {line}: the file is cut short or damaged ({error}). Fetch it again."
        ) from error
    except csv.Error as error:
        raise Mistake(f"{file}, after line {line}: {error}") from error


def _explain_value(place: str, column: Column, fields: Mapping[str, str], drop_incomplete: bool) -> None:
    text = fields.get(column.name, "").strip()
    if text in MISSING and column.kind != pl.String:
        if column.required and not drop_incomplete:
            raise Mistake(f"{place}: no value ({text!r}); wanted one in every row. Mend the row or delete it.")
    elif column.kind == pl.Float64:
        try:
            number = float(text) if "_" not in text else math.nan
        except ValueError:
            number = math.nan
        if not math.isfinite(number):
            raise Mistake(f"{place}: {text!r} is not a number. Mend the row, or name another column in data.reader.")
        if number < column.least:
            raise Mistake(f"{place}: {text} is below {column.least:g}. Mend the row or delete it.")
