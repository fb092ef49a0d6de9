"""The values that the yaml of one option holds, with those of the files that its ``defaults`` name."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from ltgnn.config.search_path import option_file

PACKAGE = re.compile(r"^# *@package +(\S+)", re.MULTILINE)
"""The line of a yaml file that says where its keys go."""


CHOICE = "="
"""Ends a key that is a config group of which an option is chosen, not a value."""


@dataclass(frozen=True)
class YamlValue:
    """One value as a yaml file has it."""

    value: Any
    comment: str


class PlainScalar(str):
    """A scalar without quotes, as it stands in the file: ``1e-3``."""


def written_keys(group: str, option: str, among: Sequence[Path], at: str | None = None) -> dict[str, YamlValue]:
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
    of_file: dict[str, YamlValue] = {}
    found: dict[str, YamlValue] = {}
    for key, node in root.value:
        if key.value == "defaults":
            for entry in yaml.safe_load(yaml.serialize(node)) or ():
                found = merge_keys(found, _of_default(entry, group, among, at))
        else:
            of_file |= dict(leaves(key, node, f"{at}.{key.value}".lstrip("."), text.splitlines()))
    return merge_keys(found, of_file)


def merge_keys(before: Mapping[str, YamlValue], after: Mapping[str, YamlValue]) -> dict[str, YamlValue]:
    """Both, the later ones winning: a node in the place of a value, a value in the place of a node."""
    inner = {key[: match.start()] for key in after for match in re.finditer(r"\.", key)}

    def gone(key: str) -> bool:
        outer = (key[: match.start()] for match in re.finditer(r"\.", key))
        return key in after or key in inner or any(place in after for place in outer)

    return {key: one for key, one in before.items() if not gone(key)} | dict(after)


def _of_default(entry: Any, group: str, among: Sequence[Path], at: str) -> dict[str, YamlValue]:
    """What an entry of a list of defaults adds: ``base``, ``store: cache``, ``/adapt@live.adapt: lora``."""
    if isinstance(entry, str):
        name, _, place = entry.partition("@")
        return {} if name == "_self_" else written_keys(group, name, among, f"{at}.{place}".strip("."))
    ((name, option),) = entry.items()
    where, _, place = str(name).removeprefix("override ").partition("@")
    if not isinstance(option, str):
        return {}
    if str(name).startswith("override "):  # a choice of another group, as in an experiment
        return {f"{where.removeprefix('/')}{CHOICE}": YamlValue(option, "")}
    inner = where.removeprefix("/") if where.startswith("/") else f"{group}/{where}"
    package = place or (where.removeprefix("/") if where.startswith("/") else where).replace("/", ".")
    outer = "" if where.startswith("/") else at
    file = option_file(inner, option, among)
    if not place and file is not None and PACKAGE.search(file.read_text(encoding="utf-8")):
        return written_keys(inner, option, among)  # its own line says where
    return written_keys(inner, option, among, f"{outer}.{package}".strip("."))


def leaves(name: yaml.Node, node: yaml.Node, key: str, lines: Sequence[str]) -> Iterator[tuple[str, YamlValue]]:
    """Every value below a node, with the comment at the end of its line, or of the line of its name."""
    if isinstance(node, yaml.MappingNode) and node.value:
        for inner, value in node.value:
            yield from leaves(inner, value, f"{key}.{inner.value}", lines)
        return
    block = isinstance(node, yaml.CollectionNode) and not node.flow_style
    end = name.end_mark if block else node.end_mark
    remark = re.search(r"\s# *(.*)$", lines[end.line][end.column :]) if end.line < len(lines) else None
    plain = isinstance(node, yaml.ScalarNode) and node.style is None and "\n" not in node.value
    value = PlainScalar(node.value) if plain else yaml.safe_load(yaml.serialize(node))
    yield key, YamlValue(value, remark.group(1).strip() if remark else "")
