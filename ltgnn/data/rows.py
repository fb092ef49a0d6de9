"""Rows of interactions, read column by column and piece by piece into arrays of the narrowest type that holds them.

A file of tens of millions of rows is never held as a table.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl

from ltgnn.data.blocks import GrowingArray, release, shrink
from ltgnn.data.columns import MISSING, Column, Kind, TableFile, flags, misfit, values
from ltgnn.data.event_fields import FIELD, CodedColumn
from ltgnn.data.ids import pieces, read_ids
from ltgnn.data.times import choose_unit
from ltgnn.io.pluralize import pluralize
from ltgnn.types import UserError

EVENT = "event "  # prefix that distinguishes the columns of events
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
    time_unit: str = "auto"  # of a numeric time: s, ms, us, ns; auto: by the range of all
    missing: Sequence[str] = ()  # values that are not ids, besides the empty one
    events: Mapping[str, float] = field(default_factory=dict)  # column of counts -> weight of one such event
    event: str | None = None  # column with the kind of event of a row ...
    event_weights: Mapping[str, float] = field(default_factory=dict)  # ... its value -> factor of the row's weight
    label: str | None = None  # column with the part of a row ...
    labels: Mapping[str, str] = field(default_factory=dict)  # ... its value -> part
    drop_incomplete: bool = False
    fields: Mapping[str, str] = field(default_factory=dict)  # our name -> column of a field of events, such as channel

    def read(self) -> tuple[dict[str, Any], dict[str, pl.Series], dict[str, Any]]:
        """Columns by name, for the caller to take over; the ids of users and items; notes for the data card.

        Columns: users, items [rows] int32; parts [rows] int8, position in PART_ORDER, where there are several; times
        [rows] float64; ratings, weights [rows] float32; where there are fields of events, event_codes and event_values
        by their names.
        """
        check_parts(self.parts)
        columns, files = self._columns(), list(self.parts.values())
        # ids first: their dictionaries are gone when the wide columns come
        users, user_texts = read_ids(files, columns, "user", self.drop_incomplete)
        items, item_texts = read_ids(files, columns, "item", self.drop_incomplete)
        rest = {"dropped": GrowingArray(np.int64)}  # numbers of rows
        if self.label is not None or set(self.parts) != {"all"}:
            rest["parts"] = GrowingArray(np.int8)
        if self.time is not None:
            rest["times"] = GrowingArray(np.float64)
        if self.rating is not None:
            rest["ratings"] = GrowingArray(np.float32)
        if self._weighted:
            rest["weights"] = GrowingArray(np.float32)
        coded = {name: CodedColumn() for name in self.fields}
        seen: list[dict[str, Any]] = []
        end = 0
        for part, file in self.parts.items():
            end, about = self._read_rest(part, file, columns, rest, coded, end)
            seen.append(about)
        notes: dict[str, Any] = {"interactions": seen}
        found: dict[str, Any] = {
            "users": users,
            "items": items,
            **{name: column.done() for name, column in rest.items()},
        }
        event_values = {name: column.values() for name, column in coded.items()}
        event_codes = {name: column.done() for name, column in coded.items()}
        del users, items, rest  # only ``found`` references the columns, so that they can shrink
        dropped, rows = found.pop("dropped"), found["users"].size
        if self._weighted:
            without = sum(about["rows"] for about in seen) - (rows - dropped.size)
            weights = {**self.events, **self.event_weights}
            notes |= {"event weights": weights, "rows without an event, dropped": without}
        if dropped.size:
            kept = np.ones(rows, dtype=bool)
            kept[dropped] = False
            for name in list(found):
                shrink(found, name, kept)
            for name in list(event_codes):
                shrink(event_codes, name, kept)
        release()
        if self.fields:
            found |= {"event_codes": event_codes, "event_values": event_values}
        if "times" in found:
            unit, notes["odd times"] = choose_unit(
                found["times"], self.time_unit, self._has_dates(columns), self._place_time
            )
            notes["time unit"] = unit
        notes["words as ids"] = words_as_ids({"user": user_texts, "item": item_texts})
        return found, {"users": user_texts, "items": item_texts}, notes

    def _read_rest(
        self,
        part: str,
        file: TableFile,
        columns: Mapping[str, Column],
        rest: Mapping[str, GrowingArray],
        coded: Mapping[str, CodedColumn],
        start: int,
    ) -> tuple[int, dict[str, Any]]:
        """Appends all but the ids of a file, and which rows do not count; the rows so far, and notes on the file."""
        rows = dropped = 0
        schema = file.schema_of(columns)
        others = {role: column for role, column in columns.items() if role not in ("user", "item")}
        for piece in pieces(file, columns, [*values(schema, others), *flags(schema, columns)], self.drop_incomplete):
            absent = int(piece["incomplete"].sum())
            if piece["bad"].any() or (absent and not self.drop_incomplete):
                raise misfit(file, columns, self.drop_incomplete)
            complete = ~piece["incomplete"]
            rows, dropped = rows + int(complete.sum()), dropped + absent
            if self.label is not None:
                rest["parts"].extend(self._label_parts(piece, complete).to_numpy())
            elif "parts" in rest:
                rest["parts"].extend(np.full(len(piece), PART_ORDER.index(part), dtype=np.int8))
            if self._weighted:
                weight = self._weigh(piece, complete)
                rest["weights"].extend(weight.to_numpy())
                complete &= weight > 0
            for name, role in (("times", "time"), ("ratings", "rating")):
                if name in rest:
                    rest[name].extend(piece[role].to_numpy())
            for name, column in coded.items():
                column.extend(piece[FIELD + name])
            rest["dropped"].extend(np.flatnonzero(~complete.to_numpy()) + start)
            start += len(piece)
        if not rows:
            without = (
                f" ({pluralize(dropped, 'row lacks', 'rows lack')} a value in {self.user}, {self.item} or the like)"
                if dropped
                else ""
            )
            raise UserError(f"{file.file} holds no interactions{without}. Check the columns in data.reader.")
        return start, {**file.notes(), "rows": rows, "rows without a required value, dropped": dropped}

    def _has_dates(self, columns: Mapping[str, Column]) -> bool:
        """Whether the times are written as dates, or are dates by their type."""
        kinds = [file.schema_of(columns)[str(self.time)] for file in self.parts.values()]
        return self.time_format is not None or all(kind.is_temporal() for kind in kinds)

    def _place_time(self, values: Sequence[str]) -> str:
        return self.place(str(self.time), values)

    def place(self, column: str, values: Sequence[str]) -> str:
        """The first row with one of the values; for messages."""
        places = [file.place(column, values) for file in self.parts.values()]
        return next((place for place in places if ", line 0," not in place), places[0])

    def _columns(self) -> dict[str, Column]:
        columns = {
            "user": Column(self.user, Kind.ID, missing=self.missing),
            "item": Column(self.item, Kind.ID, missing=self.missing),
        }
        if self.rating is not None:
            columns["rating"] = Column(self.rating, Kind.NUMBER)
        if self.time is not None:
            columns["time"] = Column(self.time, Kind.NUMBER, time=True, time_format=self.time_format)
        if self.label is not None:
            columns["part"] = Column(self.label, Kind.ID)
        for event in self.events:
            columns[EVENT + event] = Column(event, Kind.NUMBER, required=False, least=0.0)
        if self.event is not None:
            columns["event"] = Column(self.event, Kind.ID, missing=self.missing)
        for name, column in self.fields.items():
            columns[FIELD + name] = Column(column, Kind.ID, required=False, missing=self.missing)
        return columns

    @property
    def _weighted(self) -> bool:
        return bool(self.events) or self.event is not None

    def _weigh(self, piece: pl.DataFrame, complete: pl.Series) -> pl.Series:
        """Weight of each row: its counted events, or 1, times the factor of its kind of event."""
        weight = pl.lit(1.0)
        if self.events:
            weight = pl.sum_horizontal(pl.col(EVENT + name).fill_null(0.0) * by for name, by in self.events.items())
        if self.event is not None:
            strange = sorted(set(piece["event"].filter(complete).unique()) - set(self.event_weights))
            if strange:
                raise UserError(
                    f"{self.place(self.event, strange[:1])}: the event {strange[0]!r} has no weight; there are weights "
                    f"of {', '.join(self.event_weights)}. 0 leaves its rows out: "
                    f"+data.reader.event_weights.{strange[0]}=0"
                )
            weight = weight * pl.col("event").replace_strict(self.event_weights, default=0.0, return_dtype=pl.Float64)
        return piece.select(weight.alias("weight")).to_series()

    def _label_parts(self, piece: pl.DataFrame, complete: pl.Series) -> pl.Series:
        """Position in PART_ORDER by the label of each row."""
        strange = sorted(set(piece["part"].filter(complete).unique()) - set(self.labels))
        if strange:
            raise UserError(
                f"{self.place(str(self.label), strange)}: {strange[0]!r} names no part; "
                f"known are {dict(self.labels)} (data.reader.labels)."
            )
        places = {label: PART_ORDER.index(part) for label, part in self.labels.items()}
        return piece["part"].replace_strict(places, default=0, return_dtype=pl.Int8)


def check_parts(parts: Iterable[str]) -> None:
    """Raises ``UserError`` unless there is one part, all, or those of a split."""
    names = list(parts)
    if set(names) - set(PART_ORDER) or ("all" in names and len(names) > 1):
        advice = " To omit all: '~data.reader.interactions.all'" if "all" in names else ""
        raise UserError(
            f"data.reader.interactions names the parts {', '.join(names)}; wanted all, or train, val, test.{advice}"
        )


def words_as_ids(ids: Mapping[str, pl.Series]) -> dict[str, list[str]]:
    """Ids that usually mean a missing value, such as "NA"; they are kept as ids, and reported."""
    found = {noun: texts.filter(texts.is_in(MISSING)).to_list() for noun, texts in ids.items()}
    return {noun: words for noun, words in found.items() if words}
