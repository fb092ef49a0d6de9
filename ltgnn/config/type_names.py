"""Descriptions of annotations, for messages: ``Annotated[int, Ge(1)]`` is "a whole number of at least 1"."""

from __future__ import annotations

import json
import types
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from annotated_types import Ge, Gt, Interval, Le, Lt, MinLen

WORDS: Mapping[Any, str] = {
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    str: "text",
    Path: "a path",
    None: "null",
    type(None): "null",
}


def describe_type(annotation: Any, bounds: str = "") -> str:
    """A description of a value of this type."""
    if get_origin(annotation) is Annotated:
        inner, *metadata = get_args(annotation)
        text = describe_type(inner, in_words(metadata) or bounds)
        filled = any(isinstance(one, MinLen) and one.min_length > 0 for one in metadata)
        return text.replace("a list", "a list that is not empty", 1) if filled else text
    if get_origin(annotation) in (Union, types.UnionType):
        return " or ".join(dict.fromkeys(describe_type(one) for one in get_args(annotation)))
    if get_origin(annotation) is Literal:
        return join_alternatives([describe_value(choice) for choice in get_args(annotation)])
    if annotation in WORDS:
        return WORDS[annotation] + bounds
    origin, arguments = get_origin(annotation) or annotation, get_args(annotation)
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return (
            f"names with a value each ({describe_type(arguments[1])})"
            if len(arguments) == 2
            else "names with a value each"
        )
    if isinstance(origin, type) and issubclass(origin, (Sequence, AbstractSet)):
        entries = [one for one in arguments if one is not ...]
        return f"a list ({', '.join(map(describe_type, entries))} each)" if len(entries) == 1 else "a list"
    return "a part with a _target_"


def in_words(metadata: Sequence[Any]) -> str:
    """The bounds among the metadata of ``Annotated``: " from 0 to less than 1"."""
    ends: dict[str, Any] = {}
    for one in metadata:
        for kind, name in ((Ge, "ge"), (Gt, "gt"), (Le, "le"), (Lt, "lt")):
            if isinstance(one, (kind, Interval)) and getattr(one, name) is not None:
                ends[name] = _number(getattr(one, name))
    low = f" of at least {ends['ge']}" if "ge" in ends else f" above {ends['gt']}" if "gt" in ends else ""
    high = f"at most {ends['le']}" if "le" in ends else f"less than {ends['lt']}" if "lt" in ends else ""
    if "ge" in ends and high:
        return f" from {ends['ge']} to {ends.get('le') or high}"
    if low and high:
        return f"{low} and {high}"
    return low or (f" of {high}" if "le" in ends else f" {high}" if high else "")


def join_alternatives(words: Sequence[str]) -> str:
    """``a or b``; of more than two ``one of a, b, c``."""
    return " or ".join(words) if len(words) < 3 else f"one of {', '.join(words)}"


def describe_value(value: Any) -> str:
    """A value as it is written on the command line."""
    if isinstance(value, str):
        return f"'{value}'" if not value or _reads_as_other(value) else value
    if isinstance(value, Mapping):
        return "{" + ",".join(f"{key}:{describe_value(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return f"[{','.join(map(describe_value, value))}]"
    if value is None or isinstance(value, bool):
        return json.dumps(value)
    text = f"{value:g}" if isinstance(value, float) else str(value)
    return f"{text}.0" if isinstance(value, float) and text.lstrip("-").isdigit() else text


def entry_annotation(annotation: Any, name: object) -> Any:
    """The annotation of an entry of a list or mapping; None where ``annotation`` is of neither."""
    if get_origin(annotation) is Annotated:
        return entry_annotation(get_args(annotation)[0], name)
    if get_origin(annotation) in (Union, types.UnionType):
        return next((found for one in get_args(annotation) if (found := entry_annotation(one, name)) is not None), None)
    origin, arguments = get_origin(annotation), get_args(annotation)
    if not isinstance(origin, type):
        return None
    if issubclass(origin, Mapping) and len(arguments) == 2:
        return arguments[1]
    if issubclass(origin, tuple) and isinstance(name, int) and ... not in arguments:
        return arguments[name] if name < len(arguments) else None
    return arguments[0] if issubclass(origin, (Sequence, AbstractSet)) and arguments else None


def _number(bound: Any) -> str:
    """``bound`` in figures; a large power of two as such."""
    if isinstance(bound, int) and abs(bound) >= 1 << 31 and abs(bound).bit_count() == 1:
        return f"{'-' * (bound < 0)}2^{abs(bound).bit_length() - 1}"
    return f"{bound:g}" if isinstance(bound, (int, float)) else str(bound)


def _reads_as_other(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return text.lower() in ("true", "false", "null", "none")
    return True
