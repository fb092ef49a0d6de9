"""Markdown tables."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from html import escape


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table without its empty columns; bars and line breaks in cells are kept from ending them."""
    found = list(rows)
    kept = [place for place in range(len(header)) if any(row[place] for row in found)]
    lines = [header, ["---"] * len(header), *found]
    return "\n".join("| " + " | ".join(cell(line[place]) for place in kept) + " |" for line in lines)


def cell(text: str) -> str:
    """On one line; a code span with a bar in HTML, since Markdown's tables keep the backslash before it."""
    line = prose(" ".join(text.split()))
    line = re.sub(r"`([^`]*\|[^`]*)`", lambda found: f"<code>{escape(found[1]).replace('|', '&#124;')}</code>", line)
    return line.replace("|", "\\|")


def prose(text: str) -> str:
    """Text of yaml and docstrings as Markdown shows it: outside of code spans ``<u, i>`` is no HTML, ``{}`` no list
    of attributes."""
    parts = re.split(r"(`[^`]*`)", text)
    signs = str.maketrans({"<": "&lt;", "{": "&#123;"})
    return "".join(part if part.startswith("`") else part.translate(signs) for part in parts)


def code(text: str) -> str:
    """In a code span; nothing for an empty text."""
    return f"`{text}`" if text else ""
