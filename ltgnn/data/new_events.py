"""Events after training, read with the choices that the data of the run were imported with."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ltgnn.data.formats import table_file
from ltgnn.data.rows import RowTable
from ltgnn.data.source_columns import SourceColumns, choose_column
from ltgnn.types import UserError

NONE = "none"
"""Said in place of a column: there is none, and each row counts as it is."""


@dataclass(frozen=True)
class NewEvents:
    """Users and items by id, in the order of the rows, and what each row weighs."""

    pairs: list[tuple[str, str]]
    weights: list[float] | None = None  # None: 1 each
    left_out: Mapping[str, int] = field(default_factory=dict)  # reason -> rows


def read_events(file: str, said: Mapping[str, str], weights: Mapping[str, float], known: SourceColumns) -> NewEvents:
    """The rows of ``file`` that the import would have kept, weighed as it weighed them.

    ``said``: role (user, item, weight, event, rating) -> column, "" for that of the import. ``weights``: kind of event
    -> weight, besides those of the import.
    """
    table, source = table_file(Path(file), options={}), f"events={file}"
    there = list(table.schema_of({}))
    columns = {
        role: choose_column(said[role], (getattr(known, role), role, f"{role}_id"), there, source, role)
        for role in ("user", "item")
    }
    optional = {role: _optional(role, said[role], known, there, source) for role in ("weight", "event", "rating")}
    weight, event, rating = optional.values()
    worth = {**known.event_weights, **weights}
    if event is not None and not worth:
        raise UserError(f"event={event}: no weight of an event is known: event_weight.EVENT=NUMBER")
    if event is None and weights:
        raise UserError(f"event_weight.{next(iter(weights))}= given, but not the column of the events: event=COLUMN")
    rows = RowTable(
        {"all": table}, columns["user"], columns["item"], rating,
        events={} if weight is None else {weight: 1.0}, event=event, event_weights=worth,
    )  # fmt: skip
    with _named_as_here(source):
        found, ids, notes = rows.read()
    kept = np.ones(found["users"].size, dtype=bool)
    left_out = {"without weight": int(notes.get("rows without an event, dropped", 0))}
    if rating is not None and known.min_rating is not None:
        kept = found["ratings"] >= known.min_rating
        left_out[f"rated below {known.min_rating:g}"] = int((~kept).sum())
    users, items = (ids[name].gather(found[name][kept]).to_list() for name in ("users", "items"))
    weighed: NDArray[np.float32] | None = found.get("weights")
    return NewEvents(
        list(zip(users, items, strict=True)),
        None if weighed is None else weighed[kept].tolist(),
        {reason: rows for reason, rows in left_out.items() if rows},
    )


def _optional(role: str, said: str, known: SourceColumns, there: list[str], source: str) -> str | None:
    """The column of a role that a table need not have: the one that is said, else that of the import."""
    recorded: str = getattr(known, role)
    if role == "rating" and known.min_rating is not None:
        recorded = recorded or role
    if said == NONE or not (said or recorded):
        return None
    column = said or recorded
    if there and column not in there:
        raise UserError(
            f"{source}: no column '{column}', the {role} of each event; it has: {', '.join(there)}. Name it by "
            f"{role}=COLUMN, or {role}={NONE} to count every row alike."
        )
    return column


@contextmanager
def _named_as_here(source: str) -> Iterator[None]:
    """Messages name the options of ``ltgnn update`` in place of those of a reader."""
    try:
        yield
    except UserError as mistake:
        said = str(mistake)
        if "holds no interactions" in said:
            said = f"{source} has no rows; wanted a user and an item in each"
        said = re.sub(r"\+?data\.reader\.event_weights\.([^=]+=)", r"event_weight.\1", said)
        said = said.replace("name another column in data.reader", "name another column (weight=, rating=)")
        raise type(mistake)(said) from mistake
