"""The parser of commands with flags (``--out FILE``); for ``KEY=VALUE`` words see ``ltgnn.config.arguments``."""

from __future__ import annotations

import argparse
import shutil
import textwrap
from itertools import groupby
from typing import Any, NoReturn

from ltgnn.io.terminal import printable

WIDTH = 80
"""The most columns of a help page."""


class HelpFormatter(argparse.HelpFormatter):
    """Help of at most 80 columns. Paragraphs are wrapped; indented lines and titles that end with ``:`` stay."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, width=min(WIDTH, shutil.get_terminal_size().columns) - 2)

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        lines: list[str] = []
        for kept, found in groupby(text.splitlines(), stays_as_it_is):
            block = list(found)
            lines += block if kept else textwrap.wrap(" ".join(block), width, break_on_hyphens=False)
        return "\n".join(f"{indent}{line}".rstrip() for line in lines)


def stays_as_it_is(line: str) -> bool:
    """Whether a line is no part of a paragraph: empty, indented, or a title."""
    return not line.strip() or line.startswith(" ") or line.endswith(":")


class Parser(argparse.ArgumentParser):
    """``ArgumentParser`` with help of 80 columns, whose errors show what was typed without control characters."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"formatter_class": HelpFormatter} | options)

    def error(self, message: str) -> NoReturn:
        super().error(printable(message))
