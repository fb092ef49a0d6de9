"""Whether quotes enclose values in a tab-separated text: spreadsheets write them so, most other tools do not."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace

from ltgnn.data.records import Dialect, RecordError, blocks

Pieces = Callable[[], Iterator[bytes]]


def enclosing(pieces: Pieces, dialect: Dialect, line: int) -> str | None:
    """The quote if it encloses values, None if it is an ordinary sign throughout.

    It is ordinary where no value both begins and ends with it in one line and every line has the fields of the header
    by itself. Raises ``RecordError`` where values over several lines are possible just as well.
    """
    ordinary = replace(dialect, quote=None, escape=None)
    quote = re.escape(str(dialect.quote)).encode()
    opened = re.compile(rb"(?:^|\t)" + quote, re.MULTILINE)
    closed = re.compile(rb"(?:^|\t)%b(?:[^%b\t\r\n]|%b%b)*%b(?=[\t\r\n])" % ((quote,) * 5), re.MULTILINE)
    first = 0
    try:
        for block in blocks(pieces(), ordinary, line):
            if closed.search(block.text):
                return dialect.quote
            if not first and (found := opened.search(block.text)):
                first = block.line + block.raw.count(b"\n", 0, found.start())
    except RecordError:
        return dialect.quote
    if not first:
        return dialect.quote
    try:
        regular = all(block.rows is None for block in blocks(pieces(), dialect, line))
    except RecordError:
        return None
    if regular:
        raise RecordError("either", first)
    return None
