"""Numbers with their noun, for messages and tables."""

from __future__ import annotations


def counted(number: int, one: str, several: str = "") -> str:
    """``1 row``, ``2 rows``, ``1,024 rows``; ``several`` where the plural is not ``one`` and an s.

    >>> counted(1, "row is left out", "rows are left out")
    '1 row is left out'
    """
    return f"{number:,} {one if number == 1 else several or f'{one}s'}"
