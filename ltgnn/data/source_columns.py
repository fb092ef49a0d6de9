"""What a data set was read from, as its recipe or the card of ``ltgnn data import`` records it: columns, weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
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
    weight: str = ""
    event: str = ""
    event_fields: Mapping[str, str] = field(default_factory=dict)  # our name -> column, such as channel
    event_weights: Mapping[str, float] = field(default_factory=dict)  # kind of event -> factor of the row's weight
    rating: str = ""  # read only for ``min_rating``
    min_rating: float | None = None  # rows rated below were left out
    repeats: str = ""  # of repeated pairs: first, last, sum


OF_CLEANING = ("min_rating", "repeats")
"""What the filters say; the rest is said by the reader."""


def choices_of(reader: Mapping[str, Any], cleaning: Mapping[str, Any]) -> dict[str, Any]:
    """What reader and filters say about columns and weights, for the card."""
    known = {name: reader.get(name) for name in SourceColumns.__dataclass_fields__ if name not in OF_CLEANING}
    known |= {name: cleaning.get(name) for name in OF_CLEANING}
    if known["min_rating"] is None:
        known["rating"] = None
    said = {name: value for name, value in known.items() if value not in (None, "", {})}
    return {name: value if isinstance(value, Mapping | float) else str(value) for name, value in said.items()}


def recorded_columns(
    reader: Mapping[str, Any], card: Mapping[str, Any], cleaning: Mapping[str, Any] = MappingProxyType({})
) -> SourceColumns:
    """Of the data of a run: those of its reader; for a folder of ``ltgnn data``, those that it was made from."""
    found = choices_of(reader, cleaning)
    while "user" not in found and isinstance(card, Mapping):
        recorded = card.get(RECORDED) or {}
        found = choices_of(recorded, recorded) or found
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
