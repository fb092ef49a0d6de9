"""The keys of a yaml file of ``conf/`` with value, comment and the class that takes them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import yaml

from ltgnn.config.paths import conf_dir

INTERNAL = ("_target_", "_partial_", "_convert_", "_recursive_", "defaults", "hydra", "choices")
"""Keys of Hydra, and what the start fills in: no options."""


class Key(NamedTuple):
    """One key that a recipe can set."""

    path: tuple[str, ...]  # ("ranking", "temperature"), below the group
    value: str  # as it is written in the file; of a part the class
    comment: str  # beside it, or on the lines above
    is_part: bool  # a node with a _target_


class Source(NamedTuple):
    """One yaml file, read."""

    file: Path
    text: str
    root: yaml.MappingNode | None

    @classmethod
    def of(cls, file: Path) -> Source:
        text = file.read_text(encoding="utf-8")
        return cls(file, text, yaml.compose(text))

    def settings(self) -> list[Key]:
        """Its keys in their order, without those of ``INTERNAL``."""
        return list(self._below(self.root, ())) if self.root else []

    def targets(self) -> dict[tuple[str, ...], str]:
        """The class of each part; those of the files that it extends included."""
        found: dict[tuple[str, ...], str] = {}
        for base in self.extended():
            found |= base.targets()
        for path, node in _mappings(self.root, ()):
            for name, value in node.value:
                if name.value == "_target_":
                    found[path] = value.value
        return found

    def defaults(self) -> list[tuple[str, str]]:
        """Its list of defaults: group ("" for a file of the same group) and option."""
        entries: list[tuple[str, str]] = []
        for entry in (yaml.safe_load(self.text) or {}).get("defaults", []):
            pairs = entry.items() if isinstance(entry, dict) else [("", entry)]
            entries += [(str(group), str(option)) for group, option in pairs if option != "_self_"]
        return entries

    def extended(self) -> list[Source]:
        """The files of the same group that it extends."""
        files = [self.file.with_name(f"{option}.yaml") for group, option in self.defaults() if not group]
        return [Source.of(file) for file in files if file.is_file()]

    def _below(self, node: yaml.MappingNode, path: tuple[str, ...]) -> Iterator[Key]:
        for name, value in node.value:
            if name.value in INTERNAL:
                continue
            here = (*path, name.value)
            part = target_of(value)
            if part is not None:
                yield Key(here, part, self.comment(name, name), True)
            if isinstance(value, yaml.MappingNode) and value.value:
                yield from self._below(value, here)
            elif part is None:
                yield Key(here, self.written(value), self.comment(name, value), False)

    def written(self, node: yaml.Node) -> str:
        """The value as it stands in the file, without comments."""
        text = self.text[node.start_mark.index : node.end_mark.index]
        lines = [re.sub(r"(^|\s)#.*", "", line).strip() for line in text.splitlines()]
        whole = " ".join(filter(None, lines))
        return "[" + ", ".join(re.split(r"(?:^|\s)- ", whole)[1:]) + "]" if whole.startswith("- ") else whole or "null"

    def comment(self, name: yaml.Node, value: yaml.Node) -> str:
        """The comment on the line of a key, else the lines of comment right above it."""
        lines = self.text.splitlines()
        line = lines[value.end_mark.line] if value.end_mark.column or value is name else lines[value.end_mark.line - 1]
        if found := re.search(r"\s#\s*(.*)", line[name.end_mark.column :] if value is name else line):
            return found[1].strip()
        above: list[str] = []
        for before in reversed(lines[: name.start_mark.line]):
            indent = len(before) - len(before.lstrip())
            if not before.lstrip().startswith("#") or indent != name.start_mark.column:
                break
            above.insert(0, before.strip("# ").strip())
        if name.start_mark.line == len(above):  # the comment on top is of the file
            return ""
        return " ".join(above)


def target_of(node: yaml.Node) -> str | None:
    """The class of a node with a ``_target_``."""
    if isinstance(node, yaml.MappingNode):
        return next((value.value for name, value in node.value if name.value == "_target_"), None)
    return None


def package_of(source: Source) -> str:
    """Where in a recipe the keys of the file are: ``graph.normalisation``; "" at the root."""
    if found := re.search(r"^# @package (\S+)", source.text, re.MULTILINE):
        return "" if found[1] == "_global_" else found[1]
    group = source.file.parent.relative_to(conf_dir()).as_posix()
    return "" if group == "." else group.replace("/", ".")


def _mappings(node: yaml.Node | None, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], yaml.MappingNode]]:
    if isinstance(node, yaml.MappingNode):
        yield path, node
        for name, value in node.value:
            if name.value != "defaults":
                yield from _mappings(value, (*path, name.value))


Targets = Mapping[tuple[str, ...], str]
