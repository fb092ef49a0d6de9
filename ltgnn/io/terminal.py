"""Text that comes from data (names, labels, error messages) on a terminal: shown as it is, never obeyed."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

SEQUENCES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_])")
"""What moves the cursor, colours or renames the window (ECMA-48)."""

WIDTH = 120
"""Columns of the widest table."""

BREAKS = re.compile("[\t\n\v\f\r\x1c-\x1e\x85\u2028\u2029]+")

CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff\u202a-\u202e\u2066-\u2069]")
"""Control characters, halves of characters, and characters that change the text direction."""


def printable(text: object) -> str:
    """``text`` on one line, without control characters: line breaks as blanks, the rest as ``\N{REPLACEMENT CHARACTER}``."""  # noqa: E501
    return CONTROLS.sub("\N{REPLACEMENT CHARACTER}", BREAKS.sub(" ", SEQUENCES.sub("", str(text))))


def printable_lines(text: object) -> str:
    """The same for a message of several lines, which stay lines."""
    return "\n".join(map(printable, str(text).split("\n")))


def literal(text: object, style: str = "") -> Text:
    """``text`` as a cell of a rich table: brackets are brackets."""
    from rich.text import Text

    return Text(printable(text), style=style)


def heading(text: object, style: str = "") -> Text:
    """The same of several lines, as the title of a table or the head of a column."""
    from rich.text import Text

    return Text(printable_lines(text), style=style)


def open_console() -> Console:
    """The standard output; a file or a pipe is as wide as the widest table, unless COLUMNS says otherwise."""
    from rich.console import Console

    console = Console()
    if console.is_terminal or console.is_jupyter or "COLUMNS" in os.environ:
        return console
    return Console(width=WIDTH)


def say(console: Console, text: str, style: str = "") -> None:
    """Print lines as they are: brackets are not markup, and a narrow terminal wraps lines."""
    console.print(heading(text, style), soft_wrap=True)
