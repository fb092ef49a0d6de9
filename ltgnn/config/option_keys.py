"""The keys of one option of a config group: default, type and bounds of what takes it, comment."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ltgnn.config.not_importable import how_to_import
from ltgnn.config.option_files import CHOICE, PlainScalar, YamlValue, written_keys
from ltgnn.config.parameters import UNKNOWN, Parameters, of_callable, of_target
from ltgnn.config.root_schema import SECTIONS
from ltgnn.config.search_path import trees
from ltgnn.config.type_names import describe_type, describe_value, entry_annotation


@dataclass(frozen=True)
class OptionKey:
    """One key that a user may set, as on the command line."""

    key: str
    default: str
    wanted: str  # type and bounds in words; "" where they are not known
    comment: str
    part: bool = False  # a node that builds an object; ``default`` is its class


def option_keys(group: str, option: str) -> list[OptionKey]:
    """Every key of ``group=option``, in the order of its file; parts that it takes from other files first."""
    found = written_keys(group, option, trees())
    tree: dict[str, Any] = {}
    for key, one in found.items():
        *places, last = key.split(".")
        node = tree
        for place in places:
            inner = node.setdefault(place, {})
            node = inner if isinstance(inner, dict) else {}
        node[last] = one
    return list(add_types(tree, "", None))


def add_types(node: Mapping[str, Any], key: str, takes: Parameters | None) -> Iterator[OptionKey]:
    target = node.get("_target_")
    if isinstance(target, YamlValue):
        name = str(target.value)
        yield OptionKey(key, name, "", unknown(name), part=True)
        takes = _parameters(name)
    elif takes is None and key in SECTIONS:
        section = SECTIONS[key]
        takes = _parameters(section) if isinstance(section, str) else of_callable(section)
    for name, one in sorted(node.items(), key=lambda entry: isinstance(entry[1], dict)):  # parts come last
        place = f"{key}.{name}".lstrip(".")
        if name.startswith("_") and name.endswith("_"):
            continue
        if name.endswith(CHOICE) and isinstance(one, YamlValue):
            yield OptionKey(place.removesuffix(CHOICE), str(one.value), "", "")
            continue
        parameter = takes.known.get(name) if takes else None
        annotation = parameter.annotation if parameter else UNKNOWN
        if isinstance(one, dict):
            yield from _nested(one, place, annotation)
        else:
            words = "" if annotation in (UNKNOWN, Any) else describe_type(annotation)
            yield OptionKey(place, _default(one.value), "" if words == "a part with a _target_" else words, one.comment)


def _nested(node: Mapping[str, Any], key: str, annotation: Any) -> Iterator[OptionKey]:
    """Of a node below a parameter: a part of its own, or a mapping whose entries have one type."""
    if "_target_" in node or annotation is UNKNOWN or (inner := entry_annotation(annotation, "")) is None:
        yield from add_types(node, key, None)
        return
    for name, one in node.items():
        if isinstance(one, dict):
            yield from _nested(one, f"{key}.{name}", inner)
        else:
            yield OptionKey(f"{key}.{name}", _default(one.value), describe_type(inner), one.comment)


def _parameters(target: str) -> Parameters | None:
    """What a class takes; None where it cannot be imported here, or takes seconds to."""
    try:
        return of_target(target)
    except (ImportError, AttributeError):
        return None


def unknown(target: str) -> str:
    """A remark where the class cannot be imported here."""
    try:
        of_target(target)
    except (ImportError, AttributeError) as error:
        return f"cannot be imported, so types and bounds of its keys are not known ({error}). {how_to_import(target)}"
    return ""


def _default(value: Any) -> str:
    if value == "???":
        return "(to be given)"
    if isinstance(value, PlainScalar):
        return str(value) or "null"
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else describe_value(value)
