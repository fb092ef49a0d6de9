"""Relations from fields of the items table: brand, department, the levels of a category path. No further file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import torch

from ltgnn.data.raw import Raw
from ltgnn.data.triples import LEFT_OUT, Related
from ltgnn.types import Relation, UserError


@dataclass(frozen=True)
class FieldRelations:
    """One relation a field, or one a level of a path; items without a text there have no edge.

    The fields are those of ``data.reader.item_fields``, by our names. Each relation is to a kind of its own; the levels
    of a path are to one kind, in which "Home > Lamps" is another member than "Garden > Lamps".
    """

    fields: Mapping[str, str]  # relation -> field; its whole text is one value
    lists: Mapping[str, Sequence[str]] = field(default_factory=dict)  # relation -> field, separator
    paths: Mapping[str, Sequence[str]] = field(default_factory=dict)  # NAME_1 ...: field, separator

    def __call__(self, folder: Path, raw: Raw, option: str) -> Related:
        relations: dict[str, Relation] = {}
        empty: dict[str, int] = {}
        for name, source in self.fields.items():
            texts = self._texts(raw, source, f"{option}.fields.{name}")
            add(relations, name, option, [[text.strip()] if text.strip() else [] for text in texts])
            empty[source] = sum(not text.strip() for text in texts)
        for name, given in self.lists.items():
            source, separator = pair(given, f"{option}.lists.{name}")
            texts = self._texts(raw, source, f"{option}.lists.{name}")
            add(relations, name, option, [split(text, separator) for text in texts])
            empty[source] = sum(not text.strip() for text in texts)
        for name, given in self.paths.items():
            source, separator = pair(given, f"{option}.paths.{name}")
            texts = self._texts(raw, source, f"{option}.paths.{name}")
            parts = [split(text, separator) for text in texts]
            paths = [[separator.join(some[: level + 1]) for level in range(len(some))] for some in parts]
            members = sorted({member for path in paths for member in path})
            for level in range(max(map(len, paths), default=0)):
                at_level = [path[level : level + 1] for path in paths]
                add(relations, f"{name}_{level + 1}", option, at_level, name, members)
            empty[source] = sum(not text.strip() for text in texts)
        return Related(relations, {"items without a text": empty, LEFT_OUT: {}})

    def _texts(self, raw: Raw, source: str, option: str) -> list[str]:
        if source not in raw.item_fields:
            there = ", ".join(raw.item_fields) or "none"
            raise UserError(
                f"{option}={source}: the reader has no such field of the items; it has {there}. "
                f"Name its column below item_fields of data.reader, as {source}=COLUMN."
            )
        return raw.item_fields[source].to_list()


def pair(given: Sequence[str], option: str) -> tuple[str, str]:
    """Field and separator; ``UserError`` where it is not both."""
    if len(given) != 2 or not given[1]:
        raise UserError(
            f"{option}={list(given)}: a field and the separator between its parts wanted: [categories, ' > ']"
        )
    return given[0], given[1]


def split(text: str, separator: str) -> list[str]:
    """The parts of a text, without blanks around them and without empty ones, each once."""
    return list(dict.fromkeys(part.strip() for part in text.split(separator) if part.strip()))


def add(
    relations: dict[str, Relation],
    name: str,
    option: str,
    values: list[list[str]],
    kind: str = "",
    members: list[str] | None = None,
) -> None:
    """Adds the relation of each item to its ``values``, each of them once.

    ``members`` of the ``kind``; None: all values that occur, of a kind of the relation's name.
    """
    if name in relations:
        raise UserError(f"{option}: two relations are called '{name}'; give one of them another name.")
    ids = sorted({value for some in values for value in some}) if members is None else members
    number = {value: place for place, value in enumerate(ids)}
    edges = [(item, number[value]) for item, some in enumerate(values) for value in some]
    items, others = torch.tensor(edges, dtype=torch.int64).reshape(-1, 2).T.contiguous()
    relations[name] = Relation(items, others, len(ids), kind or name, tuple(ids))
