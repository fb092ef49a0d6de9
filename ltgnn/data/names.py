"""The raw ids of a data set as a sequence of texts that is held as one column, not as a Python object per id."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from operator import index
from typing import overload

import polars as pl

from ltgnn.data.blocks import BLOCK, blocks


class Names(Sequence[str]):
    """Behaves like a list of the texts of a column, equal to one with the same texts; never changes."""

    __hash__ = None  # type: ignore[assignment]  # as that of a list, because it is equal to lists

    def __init__(self, column: pl.Series, block: int = BLOCK) -> None:
        self._column = column  # [n] String, without nulls
        self._block = block

    def __len__(self) -> int:
        return len(self._column)

    @overload
    def __getitem__(self, place: int) -> str: ...

    @overload
    def __getitem__(self, place: slice) -> Names: ...

    def __getitem__(self, place: int | slice) -> str | Names:
        if isinstance(place, slice):
            return Names(self._column[place])
        found: str = self._column[index(place)]
        return found

    def __iter__(self) -> Iterator[str]:
        for block in blocks(len(self), self._block):  # much faster than one by one, and never all at once
            yield from self._column[block].to_list()

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name in self._column

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Names):
            return self._column.equals(other._column)
        if isinstance(other, list | tuple):
            return len(self) == len(other) and all(a == b for a, b in zip(self, other, strict=True))
        return NotImplemented

    def __repr__(self) -> str:
        return f"Names({len(self)}: {', '.join([*map(repr, self[:3]), *['...'] * (len(self) > 3)])})"
