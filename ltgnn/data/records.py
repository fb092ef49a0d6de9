"""Delimited text in blocks of complete records, each checked to have the fields of the header.

Python's csv module is the rule: a quote is one only where a value begins with it. Blocks whose quotes follow it in the
plain way are checked at once, for any parser to read; the others are read by the csv module itself.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ltgnn.data.text_source import with_last

UNIT, RECORD = "\x1f", "\x1e"  # replace a separator of several bytes, and for a line end inside a value
LONGEST = 1 << 28  # bytes of a record
LF, CR = 10, 13


class RecordError(Exception):
    """A record that cannot be read; ``what``: fields, open, split, escape, either, long, sign."""

    def __init__(self, what: str, line: int, fields: int = 0, text: str = "") -> None:
        super().__init__(what, line, fields)
        self.what, self.line, self.fields, self.text = what, line, fields, text


@dataclass(frozen=True)
class Dialect:
    """How records are cut into values, and how many each must have."""

    separator: str
    quote: str | None  # None: quotes are ordinary characters
    escape: str | None  # sign before a quote or separator that is part of a value
    fields: int

    @property
    def sign(self) -> str:
        """The separator, or its placeholder: one byte."""
        return self.separator if len(self.separator.encode()) == 1 else UNIT

    def reader(self, lines: Iterator[str], strict: bool = False) -> Iterator[list[str]]:
        """The csv module's reader of lines in which the sign separates."""
        csv.field_size_limit(LONGEST)
        sign, escape = self.sign, self.escape
        if self.quote is None:
            return csv.reader(lines, delimiter=sign, quoting=csv.QUOTE_NONE, escapechar=escape, strict=strict)
        return csv.reader(lines, delimiter=sign, quotechar=self.quote, escapechar=escape, strict=strict)


class Block(NamedTuple):
    """Complete records, in order."""

    line: int  # of the first
    raw: bytes  # unchanged, the separator between values
    text: bytes  # the same with LF, without blank lines, line ends inside of values as RECORD
    quote: str | None  # that encloses values in the text
    rows: list[list[str]] | None  # where the csv module has read them; the text is empty then
    size: int  # records


def blocks(pieces: Iterator[bytes], dialect: Dialect, line: int) -> Iterator[Block]:
    """The records of a text whose first line has this number; ``RecordError`` for the first that cannot be read."""
    buffer, wanted = b"", 0
    for piece, last in with_last(pieces):
        if dialect.sign != dialect.separator and UNIT.encode() in piece:
            raise RecordError("sign", line + (buffer + piece.partition(UNIT.encode())[0]).count(b"\n"))
        buffer += piece
        if not last and len(buffer) < wanted:
            continue  # the open record is looked at again when there is twice as much of it
        while buffer:
            block, buffer, line = _take(buffer, last, dialect, line)
            if block is not None and block.size:
                yield block
            if not last:
                break
        if block is None:
            if len(buffer) > LONGEST:
                raise RecordError("long", line)
            wanted = min(2 * len(buffer), LONGEST + 1)
        else:
            wanted = 0


def _take(buffer: bytes, last: bool, dialect: Dialect, line: int) -> tuple[Block | None, bytes, int]:
    """The complete records of a buffer (None: not even one), what is left of it, and the line where that begins."""
    end = len(buffer) if last else max(buffer.rfind(b"\n"), buffer.rfind(b"\r", 0, len(buffer) - 1)) + 1
    if not end:
        return None, buffer, line
    text, rest = (buffer, b"") if end == len(buffer) else (buffer[:end], buffer[end:])
    if last and text[-1:] not in (b"\n", b"\r"):
        text += b"\n"
    if dialect.sign != dialect.separator:
        text = text.replace(dialect.separator.encode(), dialect.sign.encode())
    if dialect.escape is not None and dialect.escape.encode() in text:
        block, left, after = _by_csv(text, last, dialect, line)
    elif dialect.quote is None or not _opens(text, dialect):
        block, left, after = split_plain(text, dialect, line)
    else:
        found = split_quoted(text, dialect, line)
        block, left, after = found or _by_csv(text, last, dialect, line)
    return block, left + rest, after


def _opens(text: bytes, dialect: Dialect) -> bool:
    """Whether a value begins with a quote."""
    quote = str(dialect.quote).encode()
    if quote not in text:
        return False
    begins = (b"\n", b"\r", dialect.sign.encode())
    return text.startswith(quote) or any(sign + quote in text for sign in begins)


def split_plain(text: bytes, dialect: Dialect, line: int) -> tuple[Block, bytes, int]:
    """Every line is a record."""
    if b"\r" in text:
        text = text.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    size = text.count(b"\n")
    sign = dialect.sign.encode()
    others = bytes(set(range(256)) - {LF, sign[0]})
    fields = text
    if text.translate(None, others) != (sign * (dialect.fields - 1) + b"\n") * size or dialect.fields == 1:
        array = np.frombuffer(text, np.uint8)
        ends, cuts = np.flatnonzero(array == LF), np.flatnonzero(array == sign[0])
        fields = _without_blanks(array, ends, cuts, dialect.fields, line)
    return Block(line, text, fields, None, None, fields.count(b"\n")), b"", line + size


def split_quoted(text: bytes, dialect: Dialect, line: int) -> tuple[Block, bytes, int] | None:
    """Records whose quotes open at the beginning of a value, close at its end, and are doubled inside; else None."""
    quote, sign = ord(str(dialect.quote)), ord(dialect.sign)
    array = np.frombuffer(text, np.uint8)
    quotes = np.flatnonzero(array == quote)

    def inside(places: NDArray[np.int64]) -> NDArray[np.bool_]:
        odd: NDArray[np.bool_] = np.searchsorted(quotes, places) % 2 == 1
        return odd

    returns = np.flatnonzero(array == CR)
    if returns.size:
        if inside(returns).any() or (array[np.minimum(returns + 1, len(text) - 1)] != LF).any():
            return None
        return split_quoted(text.replace(b"\r\n", b"\n"), dialect, line)
    ends = np.flatnonzero(array == LF)
    within = inside(ends)
    outside = ends[~within]
    if not outside.size or RECORD.encode() in text:
        return None
    end = int(outside[-1]) + 1
    array, quotes = array[:end], quotes[: np.searchsorted(quotes, end)]
    before = np.where(quotes == 0, LF, array[quotes - 1])[0::2]
    after = array[quotes[1::2] + 1]
    opened = (before == sign) | (before == LF) | (before == quote)
    closed = (after == sign) | (after == LF) | (after == quote)
    if not (opened.all() and closed.all()):
        return None
    cuts = np.flatnonzero(array == sign)
    cuts = cuts[~inside(cuts)]
    inner = ends[within & (ends < end)]
    flat = array
    if inner.size:
        flat = array.copy()
        flat[inner] = ord(RECORD)
    fields = _without_blanks(flat, outside, cuts, dialect.fields, line, RECORD.encode())
    block = Block(line, text[:end], fields, dialect.quote, None, fields.count(b"\n"))
    return block, text[end:], line + text.count(b"\n", 0, end)


def _without_blanks(
    array: NDArray[np.uint8],
    ends: NDArray[np.int64],
    cuts: NDArray[np.int64],
    fields: int,
    line: int,
    inner: bytes = b"",
) -> bytes:
    """The text [bytes] without its blank lines. Raises where a record, which ends at ``ends``, has other fields.

    ``cuts`` are the separators outside of quotes; ``inner`` is the sign of line ends inside of them.
    """
    begins = np.concatenate([[0], ends[:-1] + 1])
    counts = np.diff(np.searchsorted(cuts, ends), prepend=0)
    kept = np.ones(ends.size, dtype=bool)
    for place in np.flatnonzero((counts != fields - 1) | (ends == begins)):
        text = array[begins[place] : ends[place]].tobytes()
        if counts[place] or text.strip(b" \t" if fields > 1 else b""):
            before = array[: begins[place]].tobytes()
            number = before.count(b"\n") + (before.count(inner) if inner else 0)
            raise RecordError("fields", line + number, int(counts[place]) + 1, text.decode())
        kept[place] = False
    if not kept.all():
        array = array[: ends[-1] + 1][np.repeat(kept, ends + 1 - begins)]
    text_left: bytes = array.tobytes()
    return text_left


def _by_csv(text: bytes, last: bool, dialect: Dialect, line: int) -> tuple[Block | None, bytes, int]:
    """The csv module reads; a quotation that continues beyond the text is left."""
    lines = list(io.StringIO(text.decode(), newline=""))
    given, ended = 0, False

    def feed() -> Iterator[str]:
        nonlocal given, ended
        for number, one in enumerate(lines, start=1):
            given = number
            yield one
        ended = True

    rows: list[list[str]] = []
    start = 0
    for row in dialect.reader(feed()):
        if ended:  # by the end of the text, not of a line
            if last:
                raise RecordError("open", line + start)
            break
        _check(row, lines[start:given], dialect, line + start)
        if not blank(row, dialect.fields):
            rows.append(row)
        start = given
    if not start:
        return None, text, line
    raw = "".join(lines[:start]).encode()
    return Block(line, raw, b"", None, rows, len(rows)), "".join(lines[start:]).encode(), line + start


def blank(row: list[str], fields: int) -> bool:
    """Whether a row of the csv module is a blank line; where there is one column, blanks can be a value."""
    return not row or (len(row) == 1 < fields and not row[0].strip(" \t"))


def _check(row: list[str], lines: list[str], dialect: Dialect, line: int) -> None:
    """Raises where a row has other fields, or where a quote inside of a quoted value can mean its end or not."""
    escaped = dialect.escape is None and any(f"\\{dialect.quote}" in one for one in lines)
    if len(lines) > 1 or escaped:
        try:
            list(dialect.reader(iter(lines), strict=True))
        except csv.Error:
            raise RecordError("escape" if escaped else "split", line) from None
    if len(row) != dialect.fields and not blank(row, dialect.fields):
        raise RecordError("fields", line, len(row), "".join(lines))
