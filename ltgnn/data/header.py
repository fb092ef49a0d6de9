"""The lines above the rows of a delimited text: ``sep=;``, comments, the names of the columns."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from ltgnn.data.records import UNIT, Dialect

SEPARATORS = ("\t", "::", ",", ";", "|", " ")  # in the order in which they are sought
SEP_LINE = re.compile(r'^"?sep=(\t|[^\w\s"]{1,2}| )"?\s*$', re.IGNORECASE)  # as spreadsheets write and read it
QUOTED = re.compile(r'"[^"]*"')


class Header(NamedTuple):
    """How a file begins."""

    lines: int  # above the first row
    separator: str
    names: list[str]  # unique; empty where the file is
    repeated: frozenset[str]  # repeated names, which cannot be used
    notes: dict[str, Any]
    likely: str | None  # separator that the line of the names suggests, if it is another one
    named: str = ""  # names that were given and are in the first line of the file, too


def read_header(
    lines: Iterator[str],
    separator: str | None,
    quote: str | None,
    escape: str | None,
    names: Sequence[str] | None,
    typed: bool = False,
) -> Header:
    """The header in the first lines (or the names given for it); ``typed`` names lose what follows their colon.

    Lines that begin with "#" are comments, except the last of them where it has as many fields as the lines below and
    the first of these looks like data.
    """
    notes: dict[str, Any] = {}
    above = 0
    comments: list[str] = []
    first: str | None = None
    for line in lines:
        declared = SEP_LINE.match(line) if above == 0 else None
        if declared is not None:
            notes["first line"] = line.strip()
            if separator is None:
                separator = declared[1]
                notes["separator"] = f"{separator!r} (from its first line)"
        elif _comment(line, named=names is not None):
            comments.append(line)
        elif line.strip():
            first = line
            break
        above += 1
    if separator is None:
        separator = found_separator(first or "")
        notes["separator"] = f"{separator!r} (found in the first line)"
    notes.setdefault("separator", repr(separator))
    dialect = Dialect(separator, quote, escape, 0)
    fields, used = _fields(first, lines, dialect)
    named = ""
    if names is not None:
        notes["column names"] = "given"
        named = ", ".join(name for name, text in zip(names, fields, strict=False) if name == text.strip())
        fields, used = list(names), 0
    elif comments and _is_name_line(comments[-1], fields, dialect):
        fields, used = _fields(comments.pop().lstrip("# "), iter(()), dialect)[0], 0
        notes["column names"] = f"in line {above}, a comment"
    elif above:
        notes["column names"] = f"in line {above + 1}"
    else:
        notes["column names"] = "in the first line"
    if comments:
        notes["comment lines above"] = len(comments)
    unique, repeated, odd = make_unique([text.partition(":")[0] for text in fields] if typed else fields)
    if odd:
        notes["repeated or empty names"] = ", ".join(odd)
    likely = found_separator(first or "")
    better = likely if likely != separator and likely in (first or "") else None
    return Header(above + used, separator, unique, repeated, notes, better, named)


def found_separator(line: str) -> str:
    """The most frequent of the usual ones, outside of quotes."""
    bare = QUOTED.sub("", line)
    return max(SEPARATORS, key=lambda sign: (bare.count(sign) > 0 and sign != " ", bare.count(sign)))


def _comment(line: str, named: bool) -> bool:
    """Whether a line above the rows is a comment; where rows begin at once, "#tag" can be an id."""
    return line.startswith(("# ", "#\t") if named else "#") or (named and line.strip() == "#")


def _fields(first: str | None, rest: Iterator[str], dialect: Dialect) -> tuple[list[str], int]:
    """The values of the record that begins with this line, and how many lines it takes."""
    if first is None:
        return [], 0
    used = 1

    def feed() -> Iterator[str]:
        nonlocal used
        yield _with_sign(str(first), dialect)
        for line in rest:
            used += 1
            yield _with_sign(line, dialect)

    return next(dialect.reader(feed()), []), used


def _with_sign(line: str, dialect: Dialect) -> str:
    return line if dialect.sign == dialect.separator else line.replace(dialect.separator, UNIT)


def _is_name_line(comment: str, below: list[str], dialect: Dialect) -> bool:
    """Whether the names are in the comment: as many as the line below has fields, which looks like data."""
    fields = _fields(comment.lstrip("# "), iter(()), dialect)[0]
    return len(fields) == len(below) > 1 and any(is_number(text) for text in below)


def is_number(text: str) -> bool:
    """Whether a text is a number, which names of columns are not."""
    return text.strip().replace(".", "", 1).isdigit()


def make_unique(fields: Sequence[str]) -> tuple[list[str], frozenset[str], list[str]]:
    """Names made unique and non-empty; the repeated ones; notes on them."""
    stripped = [text.strip() for text in fields]
    repeated = frozenset(name for name in stripped if name and stripped.count(name) > 1)
    names: list[str] = []
    odd: list[str] = []
    for place, name in enumerate(stripped, start=1):
        if not name or name in names:
            odd.append(f"{name!r} (column {place})")
            name = f"{name} (column {place})".strip()
        names.append(name)
    return names, repeated, odd
