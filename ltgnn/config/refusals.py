"""One value against type and bounds of the parameter that takes it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from ltgnn.config.parameters import Parameter
from ltgnn.config.resolving import MISSING, OPEN
from ltgnn.config.type_names import describe_type, describe_value, entry_annotation


@dataclass(frozen=True)
class Finding:
    """One value that is refused: its key, and the message from there on."""

    key: str
    rest: str

    def __str__(self) -> str:
        return f"{self.key}{self.rest}"


def refusals(parameter: Parameter, key: str, value: Any) -> Iterator[Finding]:
    """What is wrong with a value without ``_target_``; parts in it are checked separately."""
    known = known_values(value)
    if known is OPEN or parameter.adapter is None:
        return
    try:
        parameter.adapter.validate_json(_json(known), strict=True)
        return
    except ValidationError as error:
        refused = error
    try:  # a text may look like a number: a column that is called 0
        parameter.adapter.validate_json(_json(_as_text(known)), strict=True)
        return
    except ValidationError:
        pass
    places = {tuple(_path(known, one["loc"])) for one in refused.errors() if one["type"] != "needs_python_object"}
    if not places:  # a Python object is expected: only a string or number is surely not one
        if isinstance(known, (dict, list)) or known is None:
            return
        places = {()}
    for path in sorted((path for path in places if path or len(places) == 1), key=str) or [()]:
        annotation, inner, where = parameter.annotation, known, key
        for part in path:
            annotation, inner = entry_annotation(annotation, part), inner[part]
            where += f"[{part}]" if isinstance(part, int) else f".{part}"
        if annotation is None:
            annotation, inner, where = parameter.annotation, known, key
        yield Finding(
            where, f"={describe_value(inner)} given, {describe_type(annotation)} wanted.{suggest_inner_key(key, value)}"
        )


def is_node(value: Any) -> bool:
    return value is OPEN or (isinstance(value, dict) and "_target_" in value)


def known_values(value: Any) -> Any:
    """``value`` without the parts and the open places in it; ``OPEN`` where nothing is left."""
    if is_node(value) or value == MISSING:
        return OPEN
    if isinstance(value, dict):
        inner = {str(name): kept for name, one in value.items() if (kept := known_values(one)) is not OPEN}
        return inner if inner or not value else OPEN
    if isinstance(value, list):
        kept = [one for one in map(known_values, value) if one is not OPEN]
        return kept if kept or not value else OPEN
    return value


def _json(value: Any) -> str:
    return json.dumps(value, default=str)


def _as_text(value: Any) -> Any:
    """``value`` with its numbers as text."""
    if isinstance(value, dict):
        return {name: _as_text(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_as_text(one) for one in value]
    return str(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else value


def _path(value: Any, loc: Sequence[str | int]) -> Iterator[str | int]:
    """The keys in ``value`` that pydantic's place of an error names, without its names for the arms of unions."""
    for part in loc:
        if (isinstance(value, dict) and part in value) or (
            isinstance(value, list) and isinstance(part, int) and part < len(value)
        ):
            value = value[part]  # type: ignore[index]  # a number where it is a list
            yield part


def suggest_inner_key(key: str, value: Any) -> str:
    """The key inside a part that a number was most likely meant for: ``sampler.negatives.negatives``."""
    name = key.rpartition(".")[2]
    return f" Did you mean {key}.{name}={describe_value(value)}?" if key == "sampler.negatives" else ""
