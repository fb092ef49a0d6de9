"""Columns of raw ids, read piece by piece as numbers; the dictionary of the ids is held while its column is read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ltgnn.data.blocks import GrowingArray, counts, release
from ltgnn.data.columns import Column, TableFile, explain_failures, values
from ltgnn.data.raw import canonical

Columns = Mapping[str, Column]


def read_ids(
    files: Sequence[TableFile], columns: Columns, role: str, drop_incomplete: bool
) -> tuple[NDArray[np.int32], pl.Series]:
    """The ids of one role, those of the files one after the other: positions [rows] in their texts, and these.

    Texts are in canonical order; where a row has no id, its position means nothing.
    """
    plain = _small_numbers(files, columns, role)
    kind = pl.Categorical(pl.Categories.random())  # the dictionary that all pieces share ...
    holder = pl.Series([], dtype=kind)  # ... which is alive as long as a series of the kind
    column, found = GrowingArray(np.int32), False
    for file in files:
        given = (
            [pl.col(columns[role].name).alias(role)]
            if plain
            else values(file.schema_of(columns), {role: columns[role]})
        )
        for piece in pieces(file, columns, given, drop_incomplete):
            codes = piece[role] if plain else piece[role].cast(holder.dtype).to_physical()
            found |= codes.null_count() < len(codes)
            column.extend(codes.fill_null(0).to_numpy())
    numbers = column.done()
    known = np.flatnonzero(counts(numbers, int(numbers.max(initial=0)) + 1)).astype(np.uint32)[: None if found else 0]
    named = pl.Series(known)
    texts = canonical(numbers, known, (named if plain else named.cat.to(holder.dtype)).cast(pl.String))
    release()
    return numbers, texts


def _small_numbers(files: Sequence[TableFile], columns: Columns, role: str) -> bool:
    """Whether the ids are whole numbers, and few compared with the rows, so that no dictionary is needed."""
    name = columns[role].name
    if not all(file.schema_of(columns)[name].is_integer() for file in files):
        return False
    id = pl.col(name)
    wanted = [id.min().cast(pl.Float64).alias("least"), id.max().cast(pl.Float64).alias("most"), id.len().alias("rows")]
    found = [piece.row(0) for file in files for piece in file.pieces(file.schema_of(columns), wanted)]
    given = [(least, most) for least, most, _ in found if least is not None]
    few = sum(rows for _, _, rows in found) // 8  # a table by number is small compared with the rows
    return bool(given) and min(least for least, _ in given) >= 0 and max(most for _, most in given) < few


def pieces(
    file: TableFile, columns: Columns, wanted: Sequence[pl.Expr], drop_incomplete: bool
) -> Iterator[pl.DataFrame]:
    """Values of all rows of a file, piece by piece; the columns are those that a message on a bad row is about."""
    with explain_failures(file, columns, drop_incomplete):
        yield from file.pieces(file.schema_of(columns), wanted)
