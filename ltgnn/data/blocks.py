"""Arrays of tens of millions of rows worked on block by block and in place: no second copy of a column is ever held.

numpy turns 4-byte codes that index or count into 8-byte ones, for all rows at once; here for a block at a time.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

BLOCK = 1 << 17
"""Rows at a time."""


class GrowingArray:
    """An array that grows at its end. Large ones grow in place: the system moves their pages, nothing is copied."""

    def __init__(self, kind: type) -> None:
        self._array: NDArray[Any] = np.empty(0, kind)

    def extend(self, piece: NDArray[Any]) -> None:
        """Appends the piece, in the type of the array."""
        size = self._array.size
        self._array.resize(size + piece.size, refcheck=False)  # no other reference to the array exists yet
        self._array[size:] = piece

    def done(self) -> NDArray[Any]:
        """The array, which does not grow any more."""
        array, self._array = self._array, np.empty(0)
        return array


def blocks(size: int, block: int = BLOCK) -> Iterator[slice]:
    """Slices of ``block`` rows that cover ``size`` rows."""
    return (slice(start, min(start + block, size)) for start in range(0, size, block))


def counts(
    codes: NDArray[Any], size: int, kept: NDArray[np.bool_] | None = None, block: int = BLOCK
) -> NDArray[np.int64]:
    """Rows of each code 0 .. size - 1, or those of the rows that are kept.  [size]"""
    total = np.zeros(size, dtype=np.int64)
    for rows in blocks(codes.size, block):
        total += np.bincount(codes[rows] if kept is None else codes[rows][kept[rows]], minlength=size)
    return total


def relabel(codes: NDArray[np.int32], lookup: NDArray[np.int32], block: int = BLOCK) -> None:
    """Writes ``lookup[code]`` in the place of each code."""
    for rows in blocks(codes.size, block):
        codes[rows] = lookup[codes[rows]]


def by_code(codes: NDArray[Any], size: int, block: int = BLOCK) -> Iterator[NDArray[np.int64]]:
    """The rows of the lowest codes, of the next ones and so on, in ascending order: a block at a time, or a 64th."""
    some = max(block, codes.size // 64)  # each time all codes are looked at
    ends = np.cumsum(counts(codes, size, block=block))
    first, total = 0, int(ends[-1]) if size else 0
    while first < size:
        below = int(ends[first - 1]) if first else 0
        last = max(first + 1, int(np.searchsorted(ends, below + some, side="right")))
        if below == total:
            return
        found = [
            np.flatnonzero((codes[rows] >= first) & (codes[rows] < last)) + rows.start
            for rows in blocks(codes.size, block)
        ]
        yield np.concatenate(found)
        first = last


def release() -> None:
    """Gives freed memory back to the system, of which the C library otherwise keeps tens of megabytes (glibc only)."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)


def shrink(columns: dict[str, Any], name: str, kept: NDArray[np.bool_], block: int = BLOCK) -> None:
    """Leaves the kept rows of a column, moved to its front; frees the rest if it is the only owner of its memory."""
    column = columns.pop(name)  # a second name for it would keep numpy from resizing it
    if not column.flags.writeable:
        column = column.copy()
    end = 0
    for rows in blocks(column.size, block):
        piece = column[rows][kept[rows]]
        column[end : end + piece.size] = piece
        end += piece.size
    try:
        column.resize(end)
    except ValueError:  # a view, or someone else holds it
        column = column[:end]
    columns[name] = column
