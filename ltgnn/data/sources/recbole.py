"""RecBole's atomic files: tab separated, a typed first line such as ``user_id:token<TAB>item_id:token``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import polars as pl

from ltgnn.data.columns import TableFile, droppable
from ltgnn.data.formats import table_file
from ltgnn.data.raw import Raw
from ltgnn.data.rows import RowTable, check_parts
from ltgnn.data.tables import NodeTable, assemble
from ltgnn.types import UserError


@dataclass(frozen=True)
class RecBoleAtomic:
    """``NAME.inter`` (or benchmark parts ``NAME.part1.inter`` ...), ``NAME.item``, ``NAME.user``.

    Columns are named without RecBole's ``:type``; quotes are ordinary characters if ``quote`` is not given. See
    https://recbole.io/docs/user_guide/data/atomic_files.html.
    """

    interactions: Mapping[str, str]  # {"all": NAME.inter}, or {"train": NAME.part1.inter, ...}
    items: str | None
    users: str | None
    user: str
    item: str
    rating: str | None
    time: str | None
    weight: str | None
    item_fields: Mapping[str, str]  # our name -> column
    item_numbers: Mapping[str, str]
    user_fields: Mapping[str, str]
    keep_unknown: bool  # ids without a row in the item or user file
    separator: str = "\t"  # RecBole's field_separator
    quote: str | None = None  # None: quotes are ordinary characters
    encoding: str | None = None  # None: by a byte order mark, else UTF-8
    escape: str | None = None  # sign before a quote inside of a value, such as a backslash
    first_counts: bool = False  # of rows of the item or user file with the same id
    drop_incomplete: bool = False  # drop and count rows without a required value
    time_format: str | None = None  # "%Y-%m-%d %H:%M:%S", or iso; None: numbers
    time_unit: Literal["auto", "s", "ms", "us", "ns"] = "auto"  # of numbers: s, ms, us, ns; auto: by their range
    missing: Sequence[str] = ()  # values that are not ids, e.g. ["NA", "null"]

    def __call__(self, folder: Path) -> Raw:
        def nodes(name: str, key: str, fields: Mapping[str, str], numbers: Mapping[str, str]) -> NodeTable:
            return NodeTable(
                file(name), key, fields, numbers, self.first_counts, self.drop_incomplete, missing=self.missing
            )

        def file(name: str) -> TableFile:
            options = {key: f"data.reader.{key}" for key in ("separator", "quote", "encoding", "escape")}
            return table_file(
                folder / name, self.separator, self.quote, None, self.encoding, self.escape, True, options
            )

        check_parts(self.interactions)
        rows = RowTable(
            {part: file(name) for part, name in self.interactions.items()},
            self.user,
            self.item,
            self.rating,
            self.time,
            self.time_format,
            self.time_unit,
            self.missing,
            drop_incomplete=self.drop_incomplete,
            events={} if self.weight is None else {self.weight: 1.0},
        )
        items = users = None
        if self.items is not None:
            items = nodes(self.items, self.item, self.item_fields, self.item_numbers)
        elif self.item_fields or self.item_numbers:
            named = ", ".join([*self.item_fields, *self.item_numbers])
            raise UserError(f"Columns of items are given ({named}), but no file of items: data.reader.items=NAME.item")
        if self.users is not None:
            users = nodes(self.users, self.user, self.user_fields, {})
        with droppable():
            raw = assemble(rows, items, users, self.keep_unknown)
        if self.quote is not None:
            return raw
        fields = {
            noun: {name: strip_quotes(column) for name, column in found.items()}
            for noun, found in (("item", raw.item_fields), ("user", raw.user_fields))
        }
        return replace(raw, item_fields=fields["item"], user_fields=fields["user"])


def strip_quotes(texts: pl.Series) -> pl.Series:
    """Fully quoted texts without their quotes, as pandas and so RecBole reads them."""
    inside = texts.str.slice(1, texts.str.len_chars() - 2).str.replace_all('""', '"', literal=True)
    return inside.zip_with(texts.str.contains(r'^"(?:[^"]|"")*"$'), texts)
