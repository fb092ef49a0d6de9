"""Memory of large tables: in huge pages, and kept by the process until it ends rather than fetched anew in each step.

glibc gives a block above 32 MB back to the kernel when it is freed, whatever its size was before, so that a step on a
table of 400 MB faults in several times as much, page by page; and a random read of such a table in pages of 4 KiB
misses the TLB. Both come with the size, and below it there is no loss.
"""

from __future__ import annotations

import ctypes
import os

TRIM, MMAP = -1, -3
"""``M_TRIM_THRESHOLD`` and ``M_MMAP_THRESHOLD`` of glibc's ``mallopt``."""

LARGEST = 2**31 - 1
"""Bytes of a block that malloc may use again: the most that ``mallopt`` takes."""

NEVER = -1
"""Size of free memory from which on it is given back, read by glibc without a sign."""


def huge_pages() -> None:
    """For this process, before torch's first tensor: torch then requests huge pages for tensors of 2 MB and more."""
    os.environ.setdefault("THP_MEM_ALLOC_ENABLE", "1")


def keep_large_tables() -> None:
    """For this process from here on: when training begins, since reading data returns freed columns.

    Does nothing where there is no glibc.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):
        return
    mallopt(MMAP, LARGEST)
    mallopt(TRIM, NEVER)
