"""Markdown tables."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from html import escape


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table; bars and line breaks in cells are kept from ending them."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(map(cell, line)) + " |" for line in lines)


def cell(text: str) -> str:
    """On one line; a code span with a bar in HTML, since Markdown's tables keep the backslash before it."""
    line = " ".join(text.split())
    line = re.sub(r"`([^`]*\|[^`]*)`", lambda found: f"<code>{escape(found[1]).replace('|', '&#124;')}</code>", line)
    return line.replace("|", "\\|")


def code(text: str) -> str:
    """In a code span; nothing for an empty text."""
    return f"`{text}`" if text else ""
