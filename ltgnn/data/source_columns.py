"""The columns that a data set was read from, as its recipe or the card of ``ltgnn data import`` records them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ltgnn.types import UserError

RECORDED = "columns"
"""Key of ``data_card.json`` that holds them."""


@dataclass(frozen=True)
class SourceColumns:
    """Names of columns; "" where they are not known."""

    user: str = ""
    item: str = ""
    item_key: str = ""  # of the file of items
    item_fields: Mapping[str, str] = field(default_factory=dict)  # our name -> column
    item_numbers: Mapping[str, str] = field(default_factory=dict)


def of_reader(reader: Mapping[str, Any]) -> dict[str, Any]:
    """What the arguments of a reader say about columns, for the card."""
    names = SourceColumns.__dataclass_fields__
    known = {name: value for name, value in reader.items() if name in names and value not in (None, "", {})}
    return {name: value if isinstance(value, Mapping) else str(value) for name, value in known.items()}


def recorded_columns(reader: Mapping[str, Any], card: Mapping[str, Any]) -> SourceColumns:
    """Of the data of a run: those of its reader; for a folder of ``ltgnn data``, those that it was made from."""
    found = of_reader(reader)
    while not found and isinstance(card, Mapping):
        found = of_reader(card.get(RECORDED) or {})
        card = (card.get("source") or {}).get("processed from")  # type: ignore[assignment]  # None ends it
    if found.get("item") and not found.get("item_key"):
        found["item_key"] = found["item"]
    return SourceColumns(**found)


def choose_column(given: str, likely: Sequence[str], there: Sequence[str], file: str, option: str) -> str:
    """The column that the user names, else the first of ``likely`` that is there; ``UserError`` names both."""
    if given or not there:  # rows of JSON name their own keys
        return given or next(filter(None, likely))
    for name in filter(None, likely):
        if name in there:
            return name
    wanted = " or ".join(f"'{name}'" for name in dict.fromkeys(filter(None, likely)))
    raise UserError(f"{file}: no column {wanted}; it has: {', '.join(there)}. Name it by {option}=COLUMN.")
