"""Tables of items and users, joined by id with the rows of interactions into ``Raw``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl

from ltgnn.data.blocks import counts
from ltgnn.data.columns import Column, Kind, TableFile
from ltgnn.data.raw import Codes, Raw, code, id_type
from ltgnn.data.rows import PART_ORDER, RowTable
from ltgnn.types import UserError


@dataclass(frozen=True)
class NodeTable:
    """One row per item (or user): id, texts and numbers."""

    table: TableFile
    key: str
    fields: Mapping[str, str]  # our name -> column of text
    numbers: Mapping[str, str] = field(default_factory=dict)  # our name -> column of numbers
    first_counts: bool = False  # of rows with the same id the first counts; else they are an error
    drop_incomplete: bool = False
    missing: Sequence[str] = ()  # values that are not ids, besides the empty one

    def read(self) -> tuple[pl.DataFrame, dict[str, Any]]:
        """Columns ``id`` and, under our names, texts ("" where missing) and numbers (nan where missing); notes."""
        columns = {"id": Column(self.key, Kind.ID, missing=self.missing)}
        columns |= {name: Column(column, Kind.TEXT, required=False) for name, column in self.fields.items()}
        columns |= {name: Column(column, Kind.NUMBER, required=False) for name, column in self.numbers.items()}
        frame, dropped = self.table.read(columns, self.drop_incomplete)
        if frame.is_empty():
            raise UserError(f"{self.table.file} has no rows.")
        frame = frame.with_columns(
            *(pl.col(name).fill_null("") for name in self.fields),
            *(pl.col(name).cast(pl.Float32).fill_null(np.nan) for name in self.numbers),
        )
        unique = frame.unique("id", keep="first", maintain_order=True)
        if len(unique) < len(frame) and not self.first_counts:
            twice = frame.filter(frame["id"].is_duplicated())["id"][0]
            raise UserError(
                f"{self.table.place(self.key, [twice])}: the id {twice!r} is in "
                f"{int((frame['id'] == twice).sum())} rows. Delete the wrong ones, or let the first count: "
                f"data.reader.first_counts=true"
            )
        repeated = len(frame) - len(unique)
        return unique, {**self.table.notes(), "rows": len(unique), "repeated ids": repeated, "without id": dropped}


def assemble(
    rows: RowTable,
    items: NodeTable | None = None,
    users: NodeTable | None = None,
    keep_unknown: bool = False,
    item_ids: pl.Series | None = None,
) -> Raw:
    """Joins the tables.

    Items (users) are numbered as in their table, or as in ``item_ids``, else in canonical order. An id that occurs
    only in the interactions is an error, or with ``keep_unknown`` one without texts.
    """
    columns, texts, notes = rows.read()
    user_ids, user_table = _nodes(
        rows, rows.user, columns["users"], texts.pop("users"), users, keep_unknown, notes, "users"
    )
    found, item_table = _nodes(
        rows, rows.item, columns["items"], texts.pop("items"), items, keep_unknown, notes, "items", item_ids
    )
    names: tuple[str, ...] = ("all",)
    if "parts" in columns:
        present = np.flatnonzero(counts(columns["parts"], len(PART_ORDER)))
        names = tuple(PART_ORDER[part] for part in present)
        place = np.zeros(len(PART_ORDER), dtype=np.int8)
        place[present] = np.arange(len(present))
        columns["parts"] = None if names == ("all",) else place[columns["parts"]]
    return Raw(
        **columns,
        user_ids=user_ids,
        item_ids=found,
        part_names=names,
        item_fields={} if items is None else {name: item_table[name] for name in items.fields},
        item_numbers={} if items is None else {name: item_table[name].to_numpy() for name in items.numbers},
        user_fields={} if users is None else {name: user_table[name] for name in users.fields},
        notes={**notes, "user ids": id_type(user_ids), "item ids": id_type(found)},
    )


def _nodes(
    rows: RowTable,
    column: str,
    codes: Codes,
    texts: pl.Series,
    table: NodeTable | None,
    keep_unknown: bool,
    notes: dict[str, Any],
    noun: str,
    order: pl.Series | None = None,
) -> tuple[pl.Series, pl.DataFrame]:
    """Ids of the users or items, in whose order the codes are rewritten, and their table with a row for each id."""
    if table is None:
        return code(codes, texts, order), pl.DataFrame()
    frame, about = table.read()
    known = code(codes, texts, frame["id"])
    unknown = known[len(frame) :]
    if len(unknown) and not keep_unknown:
        raise UserError(
            f"{rows.place(column, unknown.to_list())}: such an id is not among the {noun} of {table.table.file} "
            f"({len(unknown)} in all, e.g. {unknown[0]!r}). Add them there, or keep {noun} without a row there: "
            f"data.reader.keep_unknown=true"
        )
    notes[noun] = {**about, f"{noun} without a row, kept": len(unknown)}
    frame = pl.concat([frame, pl.DataFrame({"id": unknown})], how="diagonal").with_columns(
        *(pl.col(name).fill_null("") for name in table.fields),
        *(pl.col(name).fill_null(np.nan) for name in table.numbers),
    )
    return known, frame
