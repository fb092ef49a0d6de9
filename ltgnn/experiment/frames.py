"""Tables of other libraries as polars frames: pandas, polars, pyarrow, dictionaries of columns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, runtime_checkable

from ltgnn.types import UserError

if TYPE_CHECKING:
    import polars as pl


@runtime_checkable
class ArrowTable(Protocol):
    """A table that hands its columns over as Arrow's C stream: pyarrow, DuckDB, pandas with pyarrow."""

    def __arrow_c_stream__(self, requested_schema: object = None) -> object: ...


@runtime_checkable
class PandasFrame(Protocol):
    """As much of a pandas data frame as is read here."""

    index: Any
    columns: Any

    def reset_index(self) -> Any: ...

    def itertuples(self) -> Iterable[Any]: ...


Frame: TypeAlias = "pl.DataFrame | pl.LazyFrame | ArrowTable | PandasFrame | Mapping[str, Sequence[Any]]"
"""A table by columns."""


def to_polars(frame: Frame, what: str) -> pl.DataFrame:
    """The frame as a polars one; ``UserError`` that names ``what`` where it is not a frame, or has no rows.

    Of a pandas frame, levels of the index that have a name are columns as well.

    Examples:
        >>> to_polars({"user": ["a", "b"], "item": [1, 2]}, "interactions").shape
        (2, 2)
    """
    import polars as pl

    try:
        found = _read(frame)
    except (TypeError, ValueError, pl.exceptions.PolarsError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise UserError(f"{what}: this {type(frame).__name__} cannot be read as a table ({reason}).") from error
    if found is None:
        raise UserError(
            f"{what}: {type(frame).__name__} given; a data frame of polars or pandas, a pyarrow table or a dict of "
            "columns wanted."
        )
    if found.is_empty():
        raise UserError(f"{what}: the frame has no rows.")
    return found


def _read(frame: object) -> pl.DataFrame | None:
    import polars as pl

    if isinstance(frame, pl.DataFrame):
        return frame
    if isinstance(frame, pl.LazyFrame):
        return frame.collect()
    if isinstance(frame, Mapping):
        return pl.DataFrame({str(name): _column(values) for name, values in frame.items()}, strict=False)
    if isinstance(frame, PandasFrame):
        return _of_pandas(frame)
    if isinstance(frame, ArrowTable):
        return pl.DataFrame(frame)
    return None


def _of_pandas(frame: PandasFrame) -> pl.DataFrame:
    """Column by column, so that pyarrow is not needed."""
    import polars as pl

    named = any(name is not None for name in frame.index.names)
    table: Any = frame.reset_index() if named else frame
    doubled = sorted({str(name) for name in table.columns if list(table.columns).count(name) > 1})
    if doubled:
        raise ValueError(f"the column {doubled[0]!r} is there twice")
    return pl.DataFrame({str(name): _pandas_column(table[name]) for name in table.columns})


def _pandas_column(column: Any) -> Any:
    import numpy as np
    import polars as pl

    kind = column.dtype
    if isinstance(kind, np.dtype) and kind.kind in "iufb":
        return pl.Series(column.to_numpy())
    if getattr(kind, "kind", "") == "M":  # dates, with or without a time zone
        seconds = column.dt.tz_convert("UTC").dt.tz_localize(None) if getattr(kind, "tz", None) else column
        return pl.Series(seconds.to_numpy().astype("datetime64[us]"))
    missing = column.isna().tolist()
    values = [None if gone else plain_value(value) for gone, value in zip(missing, column.tolist(), strict=True)]
    return pl.Series(values, strict=False)


def _column(values: Sequence[Any]) -> Any:
    import polars as pl

    if isinstance(values, str):
        raise TypeError("a column is a text, not a list")
    return pl.Series(values, strict=False) if isinstance(values, list | tuple) else values


def plain_value(value: Any) -> Any:
    """Texts and numbers as they are; anything else as text."""
    return value if isinstance(value, str | int | float | bool) else str(value)
