"""Columns of a table file: what their values must be, checked while they are read."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import polars as pl

from ltgnn.types import Mistake

MISSING = ("", "nan", "NaN", "NULL", "null", "None", "NA", "<NA>")  # "no value" in ids and numbers; texts keep them


class Kind(Enum):
    """What the values of a column are."""

    ID = "id"  # kept as text: "007" is not "7"; blanks around it are cut off
    NUMBER = "number"
    TEXT = "text"


@dataclass(frozen=True)
class Column:
    """A column to read: its name in the file and what its values must be."""

    name: str
    kind: Kind
    required: bool = True  # a row without a value is a mistake (or dropped and counted)
    least: float = -math.inf  # smaller numbers are a mistake
    time_format: str | None = None  # of a NUMBER given as text, e.g. "%Y-%m-%d %H:%M:%S" -> seconds, UTC
    categories: pl.Categories | None = None  # of an ID: columns read with the same ones can be joined


class Rows(NamedTuple):
    """What was read: one column per role, and how many rows were dropped for want of a required value."""

    frame: pl.DataFrame
    dropped: int


class TableFile(Protocol):
    """A file of rows and named columns, whatever its format."""

    @property
    def file(self) -> Path: ...

    def read(self, columns: Mapping[str, Column], drop_incomplete: bool = False) -> Rows:
        """Reads the columns (role -> column); raises ``Mistake`` naming file, line and column of a bad value."""
        ...

    def place(self, column: str, values: Sequence[str]) -> str:
        """ "FILE, line 3, column 'x'" of the first row with one of these values; slow, for messages."""
        ...

    def notes(self) -> dict[str, Any]:
        """How the file was read, plain values for the data card."""
        ...


def need(file: Path, columns: Mapping[str, Column], names: Sequence[str], hint: str) -> None:
    """Raises ``Mistake`` if the file lacks a column."""
    for column in columns.values():
        if column.name not in names:
            raise Mistake(f"{file}: no column {column.name!r}; it has: {', '.join(map(repr, names))}. {hint}")


def checked(lazy: pl.LazyFrame, schema: Mapping[str, Any], columns: Mapping[str, Column]) -> pl.DataFrame:
    """The columns by role, and two flags: ``bad`` (a value does not fit) and ``incomplete``; blank lines left out.

    Collected as a stream: only ids as 4-byte codes, 8-byte numbers and texts are ever held for all rows.
    """
    values, bad, absent = [], [pl.lit(False)], [pl.lit(False)]
    for role, column in columns.items():
        raw = _given(column, schema[column.name])
        value = _value(column, raw, schema[column.name])
        values.append(value.alias(role))
        if column.kind is Kind.NUMBER:
            bad.append(raw.is_not_null() & (value.is_null() | ~value.is_finite() | (value < column.least)))
        if column.required:  # of ids the text is asked: casting to codes twice is what costs time
            absent.append((raw if column.kind is Kind.ID and not schema[column.name].is_float() else value).is_null())
    blank = pl.all_horizontal(pl.col(column.name).is_null() for column in columns.values())
    flags = {"bad": pl.any_horizontal(bad).fill_null(False), "incomplete": pl.any_horizontal(absent)}
    return lazy.filter(~blank).select(*values, **flags).collect(engine="streaming")


def settled(
    file: Path, kind: str, collect: Callable[[], pl.DataFrame], explain_all: Callable[[], None], drop_incomplete: bool
) -> Rows:
    """The rows that ``collect`` gives; where polars fails or a value does not fit, ``explain_all`` says where."""
    try:
        rows = settle(collect(), drop_incomplete)
    except (pl.exceptions.PolarsError, OSError) as error:
        explain_all()
        raise Mistake(f"{file}: not readable as {kind}: {str(error).splitlines()[0]}") from error
    if rows is None:
        explain_all()
        raise Mistake(f"{file}: a value does not fit its column.")
    return rows


def settle(frame: pl.DataFrame, drop_incomplete: bool) -> Rows | None:
    """The rows without the flags; None where a value does not fit or is absent and must not be."""
    if frame["bad"].any() or (frame["incomplete"].any() and not drop_incomplete):
        return None
    dropped = int(frame["incomplete"].sum())
    whole = frame.filter(~pl.col("incomplete")) if dropped else frame  # a filter that drops nothing copies everything
    return Rows(whole.drop("bad", "incomplete"), dropped)


def _given(column: Column, dtype: pl.DataType) -> pl.Expr:
    """The value as it stands in the file, null where there is none."""
    raw = pl.col(column.name)
    if column.kind is Kind.TEXT:
        return raw.cast(pl.String)
    if dtype == pl.String:
        raw = raw.str.strip_chars()
        return pl.when(raw.is_in(MISSING)).then(None).otherwise(raw)
    if dtype.is_float():
        return raw.fill_nan(None)
    return raw


def _value(column: Column, raw: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    if column.kind is Kind.TEXT:
        return raw
    if column.kind is Kind.ID:
        if dtype.is_float():  # whole numbers that a missing value turned into floats
            raw = pl.when(raw == raw.round()).then(raw.cast(pl.Int64, strict=False)).otherwise(None)
        return raw.cast(pl.String).cast(pl.Categorical(column.categories or pl.Categories.random()))
    if dtype.is_temporal():
        return raw.cast(pl.Datetime("us")).dt.epoch("us") / 1e6
    if column.time_format is not None and dtype == pl.String:
        return raw.str.to_datetime(column.time_format, strict=False, time_unit="us").dt.epoch("us") / 1e6
    return raw.cast(pl.Float64, strict=False)


def explain(place: str, column: Column, given: str | None, drop_incomplete: bool) -> None:
    """Raises ``Mistake`` if this value, as text, does not fit its column."""
    text = (given or "").strip()
    if column.kind is Kind.TEXT:
        return
    if text in MISSING:
        if column.required and not drop_incomplete:
            raise Mistake(f"{place}: no value ({text!r}); wanted one in every row. Mend the row or delete it.")
        return
    if column.kind is Kind.ID:
        return
    if column.time_format is not None:
        try:
            datetime.strptime(text, column.time_format)
        except ValueError:
            raise Mistake(
                f"{place}: {text!r} is not a time of the form {column.time_format!r}. Mend the row, or set "
                f"data.reader.time_format (null: a number of seconds)."
            ) from None
        return
    try:
        number = math.nan if "_" in text else float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise Mistake(
            f"{place}: {text!r} is not a number. Mend the row or name another column in data.reader; for times "
            f"written as dates set data.reader.time_format='%Y-%m-%d %H:%M:%S'."
        )
    if number < column.least:
        raise Mistake(f"{place}: {text} is below {column.least:g}. Mend the row or delete it.")
