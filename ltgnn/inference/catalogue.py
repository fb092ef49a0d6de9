"""Who and what there is: raw ids to numbers and back, titles and the other columns of the items."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import torch
from torch import Tensor

from ltgnn.types import UserError

TITLES = ("title", "name", "movie_title")


@dataclass(frozen=True)
class Catalogue:
    """Raw ids in the order of the numbers ``0..U-1`` and ``0..I-1``, and what is known of the items."""

    user_ids: Sequence[str]
    item_ids: Sequence[str]
    fields: Mapping[str, Sequence[str]] = field(default_factory=dict)  # column -> I texts, "" where missing
    numbers: Mapping[str, Tensor] = field(default_factory=dict)  # column -> [I] float32, nan where missing

    def __repr__(self) -> str:
        columns = ", ".join([*self.fields, *self.numbers][:8])
        known = f"; {columns}" if columns else ""
        return f"Catalogue({len(self.user_ids):,} users, {len(self.item_ids):,} items{known})"

    @cached_property
    def user_numbers(self) -> dict[str, int]:
        return {name: number for number, name in enumerate(self.user_ids)}

    @cached_property
    def item_numbers(self) -> dict[str, int]:
        return {name: number for number, name in enumerate(self.item_ids)}

    @cached_property
    def titles(self) -> Sequence[str]:
        """What to call each item: its title or name, else its id."""
        column = next((self.fields[name] for name in TITLES if name in self.fields), None)
        if column is None:
            return self.item_ids
        return [title or item for title, item in zip(column, self.item_ids, strict=True)]

    def users(self, ids: Iterable[str]) -> Tensor:
        """Numbers of users [n], -1 where the id is unknown."""
        if isinstance(ids, str) or not isinstance(ids, Iterable):
            raise UserError(f"users={ids!r} given, a list of ids wanted: [{ids!r}].")
        return torch.tensor([self.user_numbers.get(name, -1) for name in ids], dtype=torch.int64)

    def user(self, name: str) -> int:
        """Number of one user; ``UserError`` with the nearest ids if there is none of that id."""
        return _number(self.user_numbers, name, "user")

    def item(self, name: str) -> int:
        """Number of one item; ``UserError`` with the nearest ids if there is none of that id."""
        return _number(self.item_numbers, name, "item")

    def column(self, name: str) -> Sequence[str]:
        """A text column of the items; ``UserError`` naming those there are."""
        if name not in self.fields:
            raise UserError(f"unknown item column '{name}'; the data has: {', '.join(self.fields) or 'none'}.")
        return self.fields[name]

    def number(self, name: str) -> Tensor:
        """A column of numbers [I], nan where missing; a text column is read as numbers."""
        if name in self.numbers:
            return self.numbers[name]
        if name not in self.fields:
            there = ", ".join([*self.numbers, *self.fields]) or "none"
            raise UserError(f"unknown item column '{name}'; the data has: {there}.")
        return torch.tensor([_float(text) for text in self.fields[name]])


def _float(text: str) -> float:
    try:
        return float(text.strip().lstrip("$€£"))
    except ValueError:
        return float("nan")


def _number(numbers: Mapping[str, int], name: str, kind: str) -> int:
    if not isinstance(name, str):
        raise UserError(f"{kind}={name!r:.100} given, an id as text wanted.")
    found = numbers.get(name)
    if found is None:
        near = difflib.get_close_matches(name[:100], numbers, n=3) if len(numbers) < 100_000 else []
        hint = f" Did you mean: {', '.join(near)}." if near else ""
        raise UserError(f"{kind}={name[:100]} is not among the {len(numbers):,} {kind} ids of this data.{hint}")
    return found
