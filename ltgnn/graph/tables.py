"""Large results of propagation in memory that is reused as soon as the result is no longer referenced.

A step on 1.6 million nodes makes five tables of 400 MB. Fetched anew from the kernel and given back each time they cost
more than a third of the step: 100,000 page faults a table. Training uses it by ``reused_memory``; everywhere else
a result is a tensor of torch's own.
"""

from __future__ import annotations

import mmap
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Lock

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

PAGE = 2**21
"""Bytes of a huge page."""


def map_memory(size: int) -> NDArray[np.uint8]:
    """Memory straight from the kernel, in huge pages where it has them: malloc's own, once it has been taken and given
    back in pieces, has them no more, and a product that reads its states from there takes a quarter longer."""
    if not hasattr(mmap, "MADV_HUGEPAGE"):
        return np.empty(size, np.uint8)
    memory = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    with suppress(OSError):  # a kernel built without them
        memory.madvise(mmap.MADV_HUGEPAGE)
    return np.frombuffer(memory, np.uint8)


def references(kept: list[NDArray[np.uint8]], number: int) -> int:
    """Reference count of a piece of memory; a tensor on it and all its views count once."""
    return sys.getrefcount(kept[number])


ALONE = references([np.empty(0, np.uint8)], 0)
"""Those of memory that no tensor is on."""


LARGE = 2**22
"""Bytes of a result from which on new memory for it costs more than to look for some that is free."""


class Tables:
    """Pieces of memory in huge pages, for results of at least ``least`` bytes."""

    def __init__(self, least: int = LARGE) -> None:
        self.least = least
        self.kept: list[NDArray[np.uint8]] = []
        self.lock = Lock()

    def empty(self, rows: int, width: int, dtype: torch.dtype) -> Tensor:
        """A tensor [rows, width] on free memory, with whatever was there before."""
        size = rows * width * dtype.itemsize
        with self.lock:
            free = [number for number in range(len(self.kept)) if references(self.kept, number) == ALONE]
            fitting = [number for number in free if len(self.kept[number]) >= size + PAGE]
            if not fitting:  # what is free is too small
                self.kept = [memory for number, memory in enumerate(self.kept) if number not in free]
                self.kept.append(map_memory(size + PAGE))
            memory = self.kept[fitting[0] if fitting else -1]
            first = -memory.ctypes.data % PAGE  # whole huge pages, and no row across one cache line more than it fills
            return torch.from_numpy(memory[first : first + size]).view(dtype).view(rows, width)


_tables: Tables | None = None  # of the ``reused_memory`` that is open; a variable, since backward passes have threads


@contextmanager
def reused_memory(least: int = LARGE) -> Iterator[None]:
    """Inside, ``empty`` gives tables of at least ``least`` bytes memory that is used again; afterwards it goes with the
    last tensor on it.

    Free memory is found by CPython's reference counts. Values do not depend on it.
    """
    global _tables
    before, _tables = _tables, _tables or Tables(least)
    try:
        yield
    finally:
        _tables = before


def empty(rows: int, width: int, dtype: torch.dtype, device: torch.device) -> Tensor:
    """A tensor [rows, width] with whatever was there before."""
    if _tables is None or device.type != "cpu" or rows * width * dtype.itemsize < _tables.least:
        return torch.empty(rows, width, dtype=dtype, device=device)
    return _tables.empty(rows, width, dtype)
