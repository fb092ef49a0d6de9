"""A table of interactions and a table of items, joined by item id into ``Raw``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ltgnn.data.delimited import Column, Dialect, header, read, rows_with_lines
from ltgnn.data.raw import Raw, code
from ltgnn.types import Mistake


@dataclass(frozen=True)
class RowTable:
    """One row per interaction: user, item, and where named rating and time."""

    file: Path
    dialect: Dialect
    user: str
    item: str
    rating: str | None
    time: str | None

    def read(self) -> pl.DataFrame:
        """Columns user and item (Categorical, each with categories of its own), rating and time (Float64)."""
        columns = {
            "user": Column(self.user, pl.Categorical(pl.Categories.random()), required=True),
            "item": Column(self.item, pl.Categorical(pl.Categories.random()), required=True),
        }
        if self.rating is not None:
            columns["rating"] = Column(self.rating, pl.Float64, required=True)
        if self.time is not None:
            columns["time"] = Column(self.time, pl.Float64, required=True)
        frame = read(self.file, self.dialect, columns)
        if frame.is_empty():
            raise Mistake(f"{self.file} has a first line but no interactions below it.")
        return frame

    def line_of(self, column: str, value: str) -> int:
        """The line of the first row with this value; for messages."""
        place = header(self.file, self.dialect).index(column)
        for line, row in rows_with_lines(self.file, self.dialect):
            if len(row) > place and row[place].strip() == value:
                return line
        return 0


@dataclass(frozen=True)
class ItemTable:
    """One row per item: id, texts and numbers."""

    file: Path
    dialect: Dialect
    item: str
    fields: Mapping[str, str]  # our name -> column
    numbers: Mapping[str, str]  # our name -> column
    repeats: bool = False  # True: of rows with the same id the first counts; False: they are a mistake

    def read(self) -> pl.DataFrame:
        """Columns ``id`` and, under our names, the texts ("" where missing) and numbers (nan where missing)."""
        columns = {"id": Column(self.item, pl.Categorical(pl.Categories.random()), required=True)}
        columns |= {name: Column(column, pl.String, required=False) for name, column in self.fields.items()}
        columns |= {name: Column(column, pl.Float64, required=False) for name, column in self.numbers.items()}
        frame = read(self.file, self.dialect, columns).with_columns(
            pl.col("id").cast(pl.String),
            *(pl.col(name).fill_null("") for name in self.fields),
            *(pl.col(name).cast(pl.Float32).fill_null(np.nan) for name in self.numbers),
        )
        if frame.is_empty():
            raise Mistake(f"{self.file} has a first line but no items below it.")
        return self._without_repeats(frame)

    def _without_repeats(self, frame: pl.DataFrame) -> pl.DataFrame:
        if not self.repeats and frame["id"].is_duplicated().any():
            twice = frame.filter(frame["id"].is_duplicated())["id"][0]
            place = header(self.file, self.dialect).index(self.item)
            lines = [
                str(line)
                for line, row in rows_with_lines(self.file, self.dialect)
                if len(row) > place and row[place].strip() == twice
            ]
            raise Mistake(
                f"{self.file}, lines {', '.join(lines)}, column {self.item!r}: the id {twice!r} occurs more than once. "
                f"Delete the wrong row, or let the first one count: +data.reader.repeats=true"
            )
        return frame.unique("id", keep="first", maintain_order=True)


def assemble(rows: RowTable, items: ItemTable | None, keep_unknown: bool = False) -> Raw:
    """Joins both tables.

    Items are numbered as in the item table, users (and items without a table) in their canonical order. An item
    that occurs in the rows only is a mistake, or with ``keep_unknown`` an item without texts.
    """
    frame = rows.read()
    catalogue = items.read() if items is not None else None
    users, user_ids = code(frame["user"], None)
    codes, item_ids = code(frame["item"], None if catalogue is None else catalogue["id"])
    notes: dict[str, object] = {"rows read": len(frame)}
    if catalogue is not None and items is not None:
        unknown = len(item_ids) - len(catalogue)
        if unknown and not keep_unknown:
            name = str(item_ids[len(catalogue)])
            raise Mistake(
                f"{rows.file}, line {rows.line_of(rows.item, name)}, column {rows.item!r}: item {name!r} is not in "
                f"{items.file} ({unknown} such items in all). Add it there, or keep such items without text: "
                f"data.reader.keep_unknown_items=true"
            )
        notes |= {"items in the item file": len(catalogue), "items without a row in it": unknown}
        catalogue = pl.concat([catalogue, pl.DataFrame({"id": item_ids[len(catalogue) :]})], how="diagonal")

    def numbers(name: str) -> NDArray[Any] | None:
        return frame[name].to_numpy() if name in frame.columns else None

    ratings = numbers("rating")
    return Raw(
        users=users,
        items=codes,
        user_ids=user_ids,
        item_ids=item_ids,
        times=numbers("time"),
        ratings=None if ratings is None else ratings.astype(np.float32),
        item_fields={} if items is None or catalogue is None else {n: catalogue[n].fill_null("") for n in items.fields},
        item_numbers={}
        if items is None or catalogue is None
        else {n: catalogue[n].fill_null(np.nan).to_numpy() for n in items.numbers},
        notes=notes,
    )
