"""Columns of a table file: what their values must be, checked while they are read."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import polars as pl

from ltgnn.data.dates import ISO, fits, seconds
from ltgnn.types import UserError

MISSING = ("", "nan", "NaN", "NULL", "null", "None", "NA", "<NA>")  # "no value" in numbers; ids and texts keep them


class MissingValue(UserError):
    """A row without a required value."""


@contextmanager
def droppable() -> Iterator[None]:
    """For readers with the option ``drop_incomplete``: the message on a row without a value names it."""
    try:
        yield
    except MissingValue as error:
        raise MissingValue(f"{error} To drop such rows: data.reader.drop_incomplete=true") from error


class Kind(Enum):
    """What the values of a column are."""

    ID = "id"  # kept as text: "007" is not "7", "NA" is an id; blanks around it are cut off
    NUMBER = "number"
    TEXT = "text"


@dataclass(frozen=True)
class Column:
    """A column to read: its name in the file and what its values must be."""

    name: str
    kind: Kind
    required: bool = True  # a row without a value is an error (or dropped and counted)
    least: float = -math.inf  # smaller numbers are an error
    time: bool = False  # the NUMBER is a time
    time_format: str | None = None  # of a NUMBER given as text, e.g. "%Y-%m-%d %H:%M:%S" -> seconds, UTC
    missing: Sequence[str] = ()  # values that are not IDs, besides the empty one

    @property
    def absent(self) -> tuple[str, ...]:
        """Texts for a missing value."""
        return ("", *self.missing) if self.kind is Kind.ID else MISSING


class Rows(NamedTuple):
    """What was read: one column per role, and how many rows were dropped for lack of a required value."""

    frame: pl.DataFrame
    dropped: int


class TableFile(Protocol):
    """A file of rows and named columns, whatever its format."""

    @property
    def file(self) -> Path: ...

    def read(self, columns: Mapping[str, Column], drop_incomplete: bool = False) -> Rows:
        """Reads the columns (role -> column); raises ``UserError`` naming file, line and column of a bad value."""
        ...

    def schema_of(self, columns: Mapping[str, Column]) -> Mapping[str, Any]:
        """Type of each column of the file; raises ``UserError`` where one of these is not there."""
        ...

    def pieces(self, schema: Mapping[str, Any], values: Sequence[pl.Expr]) -> Iterator[pl.DataFrame]:
        """These values of all rows in their order, in blocks, so that memory stays small."""
        ...

    def explain(self, columns: Mapping[str, Column], drop_incomplete: bool) -> None:
        """Raises ``UserError`` for the first row that does not fit; slow."""
        ...

    def place(self, column: str, values: Sequence[str]) -> str:
        """ "FILE, line 3, column 'x'" of the first row with one of these values; slow, for messages."""
        ...

    def notes(self) -> dict[str, Any]:
        """How the file was read, plain values for the data card."""
        ...


def require_columns(file: Path, columns: Mapping[str, Column], names: Sequence[str], hint: str) -> None:
    """Raises ``UserError`` if the file lacks a column."""
    for column in columns.values():
        if column.name not in names:
            raise UserError(f"{file}: no column {column.name!r}; it has: {join_names(names)}. {hint}")


def join_names(names: Sequence[str]) -> str:
    """Names for a message, each and all of them of a length that can be read."""
    short = [repr(name if len(name) <= 40 else name[:40] + "...") for name in names[:30]]
    return ", ".join(short) + (f" and {len(names) - 30} more" if len(names) > 30 else "")


def values(schema: Mapping[str, Any], columns: Mapping[str, Column]) -> list[pl.Expr]:
    """The columns by role: ids and texts as text, numbers as 8-byte ones; null where there is no value."""
    return [_value(column, schema[column.name]).alias(role) for role, column in columns.items()]


def flags(schema: Mapping[str, Any], columns: Mapping[str, Column]) -> list[pl.Expr]:
    """What is wrong with a row: ``bad`` (a value does not fit), ``incomplete`` (a required value is not there)."""
    bad, absent = [pl.lit(False)], [pl.lit(False)]
    for column in columns.values():
        dtype = schema[column.name]
        raw, value = _given_value(column, dtype), _value(column, dtype)
        if column.kind is Kind.NUMBER:
            bad.append(raw.is_not_null() & (value.is_null() | ~value.is_finite() | (value < column.least)))
        if column.required:
            absent.append((raw if column.kind is Kind.ID and not dtype.is_float() else value).is_null())
    return [pl.any_horizontal(bad).fill_null(False).alias("bad"), pl.any_horizontal(absent).alias("incomplete")]


def read_whole(file: TableFile, columns: Mapping[str, Column], drop_incomplete: bool) -> Rows:
    """All rows of a file."""
    schema = file.schema_of(columns)
    wanted = [*values(schema, columns), *flags(schema, columns)]
    with explain_failures(file, columns, drop_incomplete):
        empty = pl.DataFrame(schema=dict(schema)).select(wanted).clear()
        frame = pl.concat([empty, *file.pieces(schema, wanted)])
    rows = check_rows(frame, drop_incomplete)
    if rows is None:
        raise misfit(file, columns, drop_incomplete)
    return rows


@contextmanager
def explain_failures(file: TableFile, columns: Mapping[str, Column], drop_incomplete: bool) -> Iterator[None]:
    """Where polars fails, a ``UserError`` names the row."""
    try:
        yield
    except (pl.exceptions.PolarsError, OSError) as error:
        file.explain(columns, drop_incomplete)
        what = file.notes().get("format", "a table")
        raise UserError(f"{file.file}: not readable as {what}: {str(error).splitlines()[0]}") from error


def misfit(file: TableFile, columns: Mapping[str, Column], drop_incomplete: bool) -> UserError:
    """The message for a file with an invalid value."""
    file.explain(columns, drop_incomplete)  # raises: it finds the row
    return UserError(f"{file.file}: a value does not fit its column.")


def check_rows(frame: pl.DataFrame, drop_incomplete: bool) -> Rows | None:
    """The rows without the flags; None where a value does not fit or is absent and must not be."""
    if frame["bad"].any() or (frame["incomplete"].any() and not drop_incomplete):
        return None
    dropped = int(frame["incomplete"].sum())
    # a filter that drops nothing copies everything
    complete = frame.filter(~pl.col("incomplete")) if dropped else frame
    return Rows(complete.drop("bad", "incomplete"), dropped)


def _given_value(column: Column, dtype: Any) -> pl.Expr:
    """The value as in the file, null where there is none."""
    raw = pl.col(column.name)
    if column.kind is Kind.TEXT:
        return raw.cast(pl.String)
    if dtype == pl.String:
        raw = raw.str.strip_chars()
        absent = raw == "" if column.absent == ("",) else raw.is_in(column.absent)
        return pl.when(absent).then(None).otherwise(raw)
    if dtype.is_float():
        return raw.fill_nan(None)
    return raw


def _value(column: Column, dtype: Any) -> pl.Expr:
    raw = _given_value(column, dtype)
    if column.kind is Kind.TEXT:
        return raw
    if column.kind is Kind.ID:
        if dtype.is_float():  # whole numbers that a missing value turned into floats
            raw = pl.when(raw == raw.round()).then(raw.cast(pl.Int64, strict=False)).otherwise(None)
        return raw.cast(pl.String)
    if dtype.is_temporal():
        return raw.cast(pl.Datetime("us")).dt.epoch("us") / 1e6
    if column.time_format is not None:
        return seconds(raw.cast(pl.String), column.time_format)
    return raw.cast(pl.Float64, strict=False)


def explain(place: str, column: Column, given: str | None, drop_incomplete: bool) -> None:
    """Raises ``UserError`` if this value, as text, does not fit its column."""
    text = (given or "").strip()
    if column.kind is Kind.TEXT:
        return
    if text in column.absent:
        if column.required and not drop_incomplete:
            raise MissingValue(f"{place}: no value ({text!r}); wanted one in every row. Correct the row or delete it.")
        return
    if column.kind is Kind.ID:
        return
    if column.time_format is not None:
        if not fits(text, column.time_format):
            raise UserError(
                f"{place}: {text!r} is not a time of the form {column.time_format!r}. Correct the row, or set "
                f"data.reader.time_format ({ISO} for ISO 8601, null for a number of seconds)."
            )
        return
    try:
        number = math.nan if "_" in text else float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        dates = (
            f"; for times written as dates set data.reader.time_format='%Y-%m-%d %H:%M:%S' "
            f"(ISO 8601: data.reader.time_format={ISO})"
        )
        raise UserError(
            f"{place}: {text!r} is not a number. Correct the row or name another column in data.reader"
            f"{dates if column.time else ''}."
        )
    if number < column.least:
        raise UserError(f"{place}: {text} is below {column.least:g}. Correct the row or delete it.")
