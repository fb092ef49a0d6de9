"""MMRec's form: ``.inter`` with a part label per row, and features as ``.npy`` with one row per item id."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ltgnn.data.formats import table_file
from ltgnn.data.raw import Raw
from ltgnn.data.rows import RowTable
from ltgnn.data.tables import assemble
from ltgnn.io.pluralize import pluralize
from ltgnn.types import UserError


@dataclass(frozen=True)
class MMRec:
    """Item ids are whole numbers and name the rows of the feature files. See https://github.com/enoche/MMRec."""

    interactions: str
    user: str
    item: str
    rating: str | None
    time: str | None
    label: str
    labels: Mapping[str, str]  # value of the label -> train, val, test
    vectors: Mapping[str, str] | None  # our name -> .npy file
    separator: str = "\t"
    quote: str | None = None  # None: quotes are ordinary characters
    encoding: str | None = None  # None: by a byte order mark, else UTF-8
    escape: str | None = None  # sign before a quote inside of a value, such as a backslash
    time_format: str | None = None  # "%Y-%m-%d %H:%M:%S", or iso; None: numbers
    time_unit: Literal["auto", "s", "ms", "us", "ns"] = "auto"  # of numbers: s, ms, us, ns; auto: by their range
    missing: Sequence[str] = ()  # values that are not ids, e.g. ["NA", "null"]

    def __call__(self, folder: Path) -> Raw:
        options = {key: f"data.reader.{key}" for key in ("separator", "quote", "encoding", "escape")}
        name = folder / self.interactions
        file = table_file(name, self.separator, self.quote, None, self.encoding, self.escape, True, options)
        rows = RowTable(
            {"all": file},
            self.user,
            self.item,
            self.rating,
            self.time,
            self.time_format,
            self.time_unit,
            self.missing,
            drop_incomplete=bool(self.missing),
            label=self.label,
            labels=self.labels,
        )
        vectors = {name: load_rows(folder / npy, name) for name, npy in (self.vectors or {}).items()}
        sizes = {name: len(array) for name, array in vectors.items()}
        if len(set(sizes.values())) > 1:
            raise UserError(
                f"{folder}: the feature files differ in their number of rows: {sizes}. One row per item id."
            )
        if not vectors:
            return assemble(rows)
        number = next(iter(sizes.values()))
        raw = assemble(rows, item_ids=pl.int_range(number, eager=True).cast(pl.String))
        strange = raw.item_ids[number:]
        if len(strange):
            raise UserError(
                f"{rows.place(self.item, strange.to_list())}: item {strange[0]!r} has no row in "
                f"{', '.join((self.vectors or {}).values())} ({pluralize(number, 'row')}: ids 0 to {number - 1})."
            )
        return replace(raw, item_vectors=vectors)


def load_rows(file: Path, name: str) -> NDArray[np.float32]:
    """Memory-mapped features [I, D]."""
    if not file.is_file():
        raise UserError(f"No file {file}. Check data.reader.vectors; to do without: '~data.reader.vectors.{name}'")
    try:
        array: NDArray[np.float32] = np.load(file, mmap_mode="r", allow_pickle=False)
    except (ValueError, OSError) as error:
        raise UserError(f"{file}: not a plain .npy file ({error}).") from error
    if array.ndim != 2 or not np.issubdtype(array.dtype, np.floating):
        raise UserError(f"{file}: wanted numbers [items, width], got {array.dtype} {list(array.shape)}.")
    return array
