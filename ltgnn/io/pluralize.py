"""Numbers with their noun, for messages and tables."""

from __future__ import annotations


def pluralize(number: int, one: str, several: str = "") -> str:
    """``1 row``, ``2 rows``, ``1,024 rows``; ``several``: where the plural is not ``one`` and an s, as with a verb.

    >>> pluralize(1, "row is left out", "rows are left out")
    '1 row is left out'
    """
    return f"{number:,} {one if number == 1 else several or f'{one}s'}"
