"""LightGCN's text files: one line a user, ``user item item ...``, one file a part."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ltgnn.data.formats import table_file
from ltgnn.data.raw import Raw
from ltgnn.data.tables import NodeTable
from ltgnn.data.text_source import TextSource
from ltgnn.io.pluralize import pluralize
from ltgnn.types import UserError

ODD = re.compile(r"[^0-9\s]")
PARTS = ("train", "val", "test")
OPTIONS = {key: f"data.reader.{key}" for key in ("separator", "quote", "encoding", "escape")}


@dataclass(frozen=True)
class LightGCNText:
    """Official parts with whole-number ids; the matrix covers 0..max over all parts.

    Where the validation file repeats pairs of the training file (``valid_inside_train``), they are taken out
    of train: fit on ``train - valid`` while tuning, on both for a final model.
    """

    train: str
    valid: str | None
    test: str
    valid_inside_train: bool
    items: str | None  # tab-separated table of items, if any
    item_key: str
    item_fields: Mapping[str, str]
    separator: str = "\t"  # of the table of items
    quote: str | None = None  # None: quotes are ordinary characters
    encoding: str | None = None  # None: by a byte order mark, else UTF-8
    escape: str | None = None  # sign before a quote inside of a value, such as a backslash

    def __call__(self, folder: Path) -> Raw:
        files = {"train": self.train, "val": self.valid, "test": self.test}
        pairs = {part: read_lines(folder / file, self.encoding) for part, file in files.items() if file is not None}
        if sum(users.size for users, _ in pairs.values()) == 0:
            raise UserError(f"{folder}: no interactions in {', '.join(file for file in files.values() if file)}")
        num_users = 1 + max(int(users.max()) for users, _ in pairs.values() if users.size)
        num_items = 1 + max(int(items.max()) for _, items in pairs.values() if items.size)
        if self.valid is not None and self.valid_inside_train:
            pairs["train"] = self._drop_validation(folder, pairs["train"], pairs["val"], num_items)
        names = tuple(part for part in PARTS if part in pairs)
        fields: dict[str, pl.Series] = {}
        if self.items is not None:
            fields, num_items = self._fields(folder / self.items, num_items)
        sizes = [pairs[part][0].size for part in names]
        return Raw(
            users=np.concatenate([pairs[part][0] for part in names]),
            items=np.concatenate([pairs[part][1] for part in names]),
            user_ids=pl.int_range(num_users, eager=True).cast(pl.String),
            item_ids=pl.int_range(num_items, eager=True).cast(pl.String),
            parts=np.repeat(np.arange(len(names), dtype=np.int8), sizes),
            part_names=names,
            item_fields=fields,
            notes={f"rows read, {part}": size for part, size in zip(names, sizes, strict=True)},
        )

    def _drop_validation(self, folder: Path, train: Pairs, valid: Pairs, num_items: int) -> Pairs:
        train_keys = train[0].astype(np.int64) * num_items + train[1]
        valid_keys = valid[0].astype(np.int64) * num_items + valid[1]
        outside = ~np.isin(valid_keys, train_keys)
        if outside.any():
            at = int(np.flatnonzero(outside)[0])
            pairs = pluralize(outside.size, "pair")
            some = pluralize(int(outside.sum()), f"of {pairs} is", f"of {pairs} are")
            raise UserError(
                f"{folder / str(self.valid)}: {some} not in {self.train}, "
                f"e.g. user {valid[0][at]}, item {valid[1][at]}. If validation is separate: "
                f"data.reader.valid_inside_train=false"
            )
        keep = ~np.isin(train_keys, valid_keys)
        return train[0][keep], train[1][keep]

    def _fields(self, file: Path, num_items: int) -> tuple[dict[str, pl.Series], int]:
        titles = table_file(file, self.separator, self.quote, None, self.encoding, self.escape, options=OPTIONS)
        table, _ = NodeTable(titles, self.item_key, self.item_fields).read()
        ids = table["id"].cast(pl.Int64, strict=False)
        if ids.is_null().any():
            raise UserError(f"{file}, column {self.item_key!r}: item ids must be whole numbers, as in {self.train}.")
        num_items = max(num_items, 1 + int(ids.max()))  # type: ignore[arg-type]
        every = pl.DataFrame({"id": pl.int_range(num_items, eager=True)})
        table = every.join(table.with_columns(ids), on="id", how="left", maintain_order="left")
        return {name: table[name].fill_null("") for name in self.item_fields}, num_items


Pairs = tuple[NDArray[np.int32], NDArray[np.int32]]


def read_lines(file: Path, encoding: str | None = None) -> Pairs:
    """``user item item ...`` lines -> users [E], items [E]. A user without items has no pair."""
    text = b"".join(TextSource(file, encoding, OPTIONS["encoding"]).pieces()).decode()
    lines = text.splitlines()
    try:
        if ODD.search(text):  # int() accepts more than whole numbers: 1_0, other digits
            raise ValueError
        numbers = np.array(text.split(), dtype=np.int64)
        fields = np.array([len(line.split()) for line in lines], dtype=np.int64)
        if numbers.size and (numbers.min() < 0 or numbers.max() >= 2**31):
            raise ValueError
    except (ValueError, OverflowError):
        _explain(file, lines)
        raise
    if numbers.size == 0:
        raise UserError(f"{file} is empty; wanted lines 'user item item ...'.")
    fields = fields[fields > 0]
    first = np.zeros(numbers.size, dtype=bool)
    first[np.cumsum(fields) - fields] = True
    users = np.repeat(numbers[first], fields - 1)
    return users.astype(np.int32), numbers[~first].astype(np.int32)


def _explain(file: Path, lines: list[str]) -> None:
    for line, text in enumerate(lines, start=1):
        for place, word in enumerate(text.split(), start=1):
            if not (word.isascii() and word.isdecimal()) or int(word[:40]) >= 2**31:
                raise UserError(
                    f"{file}, line {line}, field {place}: {word[:40]!r} is not a whole number from 0 to 2147483647. "
                    f"Wanted 'user item item ...' with blanks between; correct the line."
                )
