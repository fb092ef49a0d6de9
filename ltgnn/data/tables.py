"""Tables of interactions and of items, joined by item id into ``Raw``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ltgnn.data.columns import Column, Kind, TableFile
from ltgnn.data.raw import Raw, code, id_type
from ltgnn.types import Mistake

EVENT = "event "  # sets the columns of events apart from ours
PART_ORDER = ("all", "train", "val", "test")


@dataclass(frozen=True)
class RowTable:
    """One row per interaction: user, item, and where named rating, time, events and part."""

    parts: Mapping[str, TableFile]  # {"all": file}, or {"train": ..., "val": ..., "test": ...}
    user: str
    item: str
    rating: str | None = None
    time: str | None = None
    time_format: str | None = None  # of times written as text; None: numbers
    time_scale: float = 1.0  # seconds per unit of a numeric time
    events: Mapping[str, float] = field(default_factory=dict)  # column of counts -> weight of one such event
    label: str | None = None  # column that says which part a row belongs to ...
    labels: Mapping[str, str] = field(default_factory=dict)  # ... its value -> part
    drop_incomplete: bool = False

    def read(self) -> tuple[pl.DataFrame, dict[str, Any]]:
        """Columns user, item, part (Categorical), rating, time, weight (Float64); notes for the data card."""
        wrong = set(self.parts) - set(PART_ORDER)
        if wrong:
            raise Mistake(f"data.reader.interactions names the parts {sorted(wrong)}; wanted all, or train, val, test.")
        columns, frames, files = self._columns(), [], []
        for part, file in self.parts.items():
            frame, dropped = file.read(columns, self.drop_incomplete)
            if frame.is_empty():
                without = f" ({dropped} rows lack a value in {self.user}, {self.item} or the like)" if dropped else ""
                raise Mistake(f"{file.file} holds no interactions{without}. Check the columns in data.reader.")
            files.append({**file.notes(), "rows": len(frame), "rows without a required value, dropped": dropped})
            frames.append(frame if self.label else frame.with_columns(part=pl.lit(part, pl.Enum(PART_ORDER))))
        frame = pl.concat(frames)
        notes: dict[str, Any] = {"interactions": files}
        if self.label is not None:
            frame = self._labelled(frame)
        if self.time is not None and self.time_scale != 1:
            frame = frame.with_columns(pl.col("time") * self.time_scale)
        if self.events:
            counts = {EVENT + event: weight for event, weight in self.events.items()}
            weight = pl.sum_horizontal(pl.col(event).fill_null(0.0) * weight for event, weight in counts.items())
            frame = frame.with_columns(weight=weight).drop(counts)
            before = len(frame)
            frame = frame.filter(pl.col("weight") > 0)
            notes |= {"event weights": dict(self.events), "rows without an event, dropped": before - len(frame)}
        return frame, notes

    def place(self, column: str, values: Sequence[str]) -> str:
        """Where one of the values first stands; for messages."""
        places = [file.place(column, values) for file in self.parts.values()]
        return next((place for place in places if ", line 0," not in place), places[0])

    def _columns(self) -> dict[str, Column]:
        columns = {
            "user": Column(self.user, Kind.ID, categories=pl.Categories.random()),
            "item": Column(self.item, Kind.ID, categories=pl.Categories.random()),
        }
        if self.rating is not None:
            columns["rating"] = Column(self.rating, Kind.NUMBER)
        if self.time is not None:
            columns["time"] = Column(self.time, Kind.NUMBER, time_format=self.time_format)
        if self.label is not None:
            columns["part"] = Column(self.label, Kind.ID, categories=pl.Categories.random())
        for event in self.events:
            columns[EVENT + event] = Column(event, Kind.NUMBER, required=False, least=0.0)
        return columns

    def _labelled(self, frame: pl.DataFrame) -> pl.DataFrame:
        strange = sorted(set(frame["part"].unique().cast(pl.String)) - set(self.labels))
        if strange:
            raise Mistake(
                f"{self.place(str(self.label), strange)}: {strange[0]!r} names no part; "
                f"known are {dict(self.labels)} (data.reader.labels)."
            )
        part = pl.col("part").cast(pl.String).replace_strict(self.labels, return_dtype=pl.Enum(PART_ORDER))
        return frame.with_columns(part)


@dataclass(frozen=True)
class NodeTable:
    """One row per item (or user): id, texts and numbers."""

    table: TableFile
    key: str
    fields: Mapping[str, str]  # our name -> column of text
    numbers: Mapping[str, str] = field(default_factory=dict)  # our name -> column of numbers
    first_counts: bool = False  # of rows with the same id the first counts; else they are a mistake
    drop_incomplete: bool = False

    def read(self) -> tuple[pl.DataFrame, dict[str, Any]]:
        """Columns ``id`` and, under our names, texts ("" where missing) and numbers (nan where missing); notes."""
        columns = {"id": Column(self.key, Kind.ID)}
        columns |= {name: Column(column, Kind.TEXT, required=False) for name, column in self.fields.items()}
        columns |= {name: Column(column, Kind.NUMBER, required=False) for name, column in self.numbers.items()}
        frame, dropped = self.table.read(columns, self.drop_incomplete)
        if frame.is_empty():
            raise Mistake(f"{self.table.file} has no rows.")
        frame = frame.with_columns(
            pl.col("id").cast(pl.String),
            *(pl.col(name).fill_null("") for name in self.fields),
            *(pl.col(name).cast(pl.Float32).fill_null(np.nan) for name in self.numbers),
        )
        unique = frame.unique("id", keep="first", maintain_order=True)
        if len(unique) < len(frame) and not self.first_counts:
            twice = frame.filter(frame["id"].is_duplicated())["id"][0]
            raise Mistake(
                f"{self.table.place(self.key, [twice])}: the id {twice!r} stands in "
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
    only in the interactions is a mistake, or with ``keep_unknown`` one without texts.
    """
    frame, notes = rows.read()
    # each column is let go as soon as its array stands: of tens of millions of rows no two copies are held
    column = frame.drop_in_place
    user_codes, user_ids, user_table = _nodes(rows, rows.user, column("user"), users, keep_unknown, notes, "users")
    given = column("item")
    item_codes, found, item_table = _nodes(rows, rows.item, given, items, keep_unknown, notes, "items")
    if item_ids is not None:
        item_codes, found = code(given, item_ids)
    del given
    present = set(frame["part"].unique().cast(pl.String))
    names = tuple(part for part in PART_ORDER if part in present)
    parts = frame["part"].cast(pl.Enum(PART_ORDER)).to_physical().to_numpy()
    place = np.array([names.index(part) if part in names else -1 for part in PART_ORDER], dtype=np.int8)

    def numbers(name: str, kind: Any) -> NDArray[Any] | None:
        return column(name).to_numpy().astype(kind, copy=False) if name in frame.columns else None

    return Raw(
        users=user_codes,
        items=item_codes,
        user_ids=user_ids,
        item_ids=found,
        times=numbers("time", np.float64),
        ratings=numbers("rating", np.float32),
        weights=numbers("weight", np.float32),
        parts=None if names == ("all",) else place[parts],
        part_names=names,
        item_fields={} if items is None else {name: item_table[name] for name in items.fields},
        item_numbers={} if items is None else {name: item_table[name].to_numpy() for name in items.numbers},
        user_fields={} if users is None else {name: user_table[name] for name in users.fields},
        notes={**notes, "user ids": id_type(user_ids), "item ids": id_type(found)},
    )


def _nodes(
    rows: RowTable,
    column: str,
    ids: pl.Series,
    table: NodeTable | None,
    keep_unknown: bool,
    notes: dict[str, Any],
    noun: str,
) -> tuple[NDArray[np.int32], pl.Series, pl.DataFrame]:
    """Codes and ids of the users or items, and their table with a row for each id."""
    if table is None:
        codes, known = code(ids, None)
        return codes, known, pl.DataFrame()
    frame, about = table.read()
    codes, known = code(ids, frame["id"])
    unknown = known[len(frame) :]
    if len(unknown) and not keep_unknown:
        raise Mistake(
            f"{rows.place(column, unknown.to_list())}: such an id is not among the {noun} of {table.table.file} "
            f"({len(unknown)} in all, e.g. {unknown[0]!r}). Add them there, or keep {noun} without a row there: "
            f"data.reader.keep_unknown=true"
        )
    notes[noun] = {**about, f"{noun} without a row, kept": len(unknown)}
    frame = pl.concat([frame, pl.DataFrame({"id": unknown})], how="diagonal").with_columns(
        *(pl.col(name).fill_null("") for name in table.fields),
        *(pl.col(name).fill_null(np.nan) for name in table.numbers),
    )
    return codes, known, frame
