"""The keys of one option of a config group: default, what takes it, comment; read from the yaml and its defaults."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from ltgnn.config.parameters import UNKNOWN, Parameters, of_callable, of_target
from ltgnn.config.root_schema import SECTIONS
from ltgnn.config.search_path import option_file, trees
from ltgnn.config.wanted import shown, wanted, within

PACKAGE = re.compile(r"^# *@package +(\S+)", re.MULTILINE)
"""The line of a yaml file that says where its keys go."""


CHOICE = "="
"""Ends a key that is a config group of which an option is chosen, not a value."""


@dataclass(frozen=True)
class Written:
    """One value as a yaml file has it."""

    value: Any
    comment: str


class Plain(str):
    """A scalar without quotes, as it stands in the file: ``1e-3``."""


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
    return list(_typed(tree, "", None))


def written_keys(group: str, option: str, among: Sequence[Path], at: str | None = None) -> dict[str, Written]:
    """Dotted key -> value of one option and of what its ``defaults`` name; ``at``: the node that the keys go to."""
    file = option_file(group, option, among)
    if file is None:
        return {}
    text = file.read_text(encoding="utf-8")
    if at is None:
        package = PACKAGE.search(text)
        at = package.group(1) if package else group.replace("/", ".")
    at = "" if at == "_global_" else at
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    if not isinstance(root, yaml.MappingNode):
        return {}
    own: dict[str, Written] = {}
    found: dict[str, Written] = {}
    for key, node in root.value:
        if key.value == "defaults":
            for entry in yaml.safe_load(yaml.serialize(node)) or ():
                found = _merged(found, _of_default(entry, group, among, at))
        else:
            own |= dict(_leaves(key, node, f"{at}.{key.value}".lstrip("."), text.splitlines()))
    return _merged(found, own)


def _merged(before: Mapping[str, Written], after: Mapping[str, Written]) -> dict[str, Written]:
    """Both, the later ones winning: a node in the place of a value, a value in the place of a node."""
    inner = {key[: match.start()] for key in after for match in re.finditer(r"\.", key)}

    def gone(key: str) -> bool:
        outer = (key[: match.start()] for match in re.finditer(r"\.", key))
        return key in after or key in inner or any(place in after for place in outer)

    return {key: one for key, one in before.items() if not gone(key)} | dict(after)


def _of_default(entry: Any, group: str, among: Sequence[Path], at: str) -> dict[str, Written]:
    """What an entry of a list of defaults adds: ``base``, ``store: cache``, ``/adapt@live.adapt: lora``."""
    if isinstance(entry, str):
        name, _, place = entry.partition("@")
        return {} if name == "_self_" else written_keys(group, name, among, f"{at}.{place}".strip("."))
    ((name, option),) = entry.items()
    where, _, place = str(name).removeprefix("override ").partition("@")
    if not isinstance(option, str):
        return {}
    if str(name).startswith("override "):  # a choice of another group, as in an experiment
        return {f"{where.removeprefix('/')}{CHOICE}": Written(option, "")}
    inner = where.removeprefix("/") if where.startswith("/") else f"{group}/{where}"
    package = place or (where.removeprefix("/") if where.startswith("/") else where).replace("/", ".")
    outer = "" if where.startswith("/") else at
    return written_keys(inner, option, among, f"{outer}.{package}".strip("."))


def _leaves(name: yaml.Node, node: yaml.Node, key: str, lines: Sequence[str]) -> Iterator[tuple[str, Written]]:
    """Every value below a node, with the comment at the end of its line, or of the line of its name."""
    if isinstance(node, yaml.MappingNode) and node.value:
        for inner, value in node.value:
            yield from _leaves(inner, value, f"{key}.{inner.value}", lines)
        return
    block = isinstance(node, yaml.CollectionNode) and not node.flow_style
    end = name.end_mark if block else node.end_mark
    remark = re.search(r"\s# *(.*)$", lines[end.line][end.column :]) if end.line < len(lines) else None
    plain = isinstance(node, yaml.ScalarNode) and node.style is None and "\n" not in node.value
    value = Plain(node.value) if plain else yaml.safe_load(yaml.serialize(node))
    yield key, Written(value, remark.group(1).strip() if remark else "")


def _typed(node: Mapping[str, Any], key: str, takes: Parameters | None) -> Iterator[OptionKey]:
    target = node.get("_target_")
    if isinstance(target, Written):
        takes = _parameters(str(target.value))
        yield OptionKey(key, str(target.value), "", "", part=True)
    elif takes is None and key in SECTIONS:
        section = SECTIONS[key]
        takes = _parameters(section) if isinstance(section, str) else of_callable(section)
    for name, one in sorted(node.items(), key=lambda entry: isinstance(entry[1], dict)):  # parts come last
        place = f"{key}.{name}".lstrip(".")
        if name.startswith("_") and name.endswith("_"):
            continue
        if name.endswith(CHOICE) and isinstance(one, Written):
            yield OptionKey(place.removesuffix(CHOICE), str(one.value), "", "")
            continue
        parameter = takes.known.get(name) if takes else None
        annotation = parameter.annotation if parameter else UNKNOWN
        if isinstance(one, dict):
            yield from _nested(one, place, annotation)
        else:
            words = "" if annotation in (UNKNOWN, Any) else wanted(annotation)
            yield OptionKey(place, _default(one.value), "" if words == "a part with a _target_" else words, one.comment)


def _nested(node: Mapping[str, Any], key: str, annotation: Any) -> Iterator[OptionKey]:
    """Of a node below a parameter: a part of its own, or a mapping whose entries have one type."""
    if "_target_" in node or annotation is UNKNOWN or (inner := within(annotation, "")) is None:
        yield from _typed(node, key, None)
        return
    for name, one in node.items():
        if isinstance(one, dict):
            yield from _nested(one, f"{key}.{name}", inner)
        else:
            yield OptionKey(f"{key}.{name}", _default(one.value), wanted(inner), one.comment)


def _parameters(target: str) -> Parameters | None:
    """What a class takes; None where it cannot be imported here, or takes seconds to."""
    try:
        return of_target(target)
    except (ImportError, AttributeError):
        return None


def _default(value: Any) -> str:
    if value == "???":
        return "(to be given)"
    if isinstance(value, Plain):
        return str(value) or "null"
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else shown(value)
