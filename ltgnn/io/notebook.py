"""Objects in a notebook: small tables of HTML, all text escaped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

from ltgnn.io.terminal import printable

LONGEST = 200
"""Characters of a cell."""

MOST = 30
"""Rows of a table."""


def card(title: str, rows: Mapping[str, object]) -> str:
    """A title and a line for each fact.

    Examples:
        >>> card("<b>", {"users": 3})
        '<table><caption>&lt;b&gt;</caption><tr><th>users</th><td>3</td></tr></table>'
    """
    lines = (f"<tr><th>{cell(key)}</th><td>{cell(value)}</td></tr>" for key, value in rows.items())
    return f"<table><caption>{cell(title)}</caption>{''.join(lines)}</table>"


def grid(title: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """A title and a table; of very many rows the first."""
    head = "".join(f"<th>{cell(name)}</th>" for name in columns)
    lines = ("<tr>" + "".join(f"<td>{cell(value)}</td>" for value in row) + "</tr>" for row in rows[:MOST])
    more = f"<p>and {len(rows) - MOST:,} more</p>" if len(rows) > MOST else ""
    return f"<table><caption>{cell(title)}</caption><tr>{head}</tr>{''.join(lines)}</table>{more}"


def cell(value: object) -> str:
    """A value as text, shortened and escaped."""
    text = printable(value)
    return escape(text if len(text) <= LONGEST else text[: LONGEST - 1] + "…")
