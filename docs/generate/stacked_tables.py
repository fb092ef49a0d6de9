"""Extension of Python-Markdown: tables of words that are wider than a phone are marked, so that cells can be stacked.

Each of their cells gets the name of its column, ``data-label``; ``docs/assets/pages.css`` does the rest. A table of
numbers stays a table, which scrolls.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import unescape
from xml.etree.ElementTree import Element

from markdown import Extension, Markdown
from markdown.treeprocessors import Treeprocessor
from markdown.util import HTML_PLACEHOLDER_RE

PHONE = 358  # pixels beside the margins
SIGN, PADDING = 6.3, 23  # pixels of a letter, and of a column beside its letters
BREAKABLE = 22  # letters that a column of words can be narrowed to
NUMBER = re.compile(r"[-+.,\d%±×→/* –]*|not scorable")


class StackedTables(Extension):
    """For ``markdown_extensions``."""

    def extendMarkdown(self, md: Markdown) -> None:
        """Runs after the cells are filled."""
        md.treeprocessors.register(_Marking(md), "stacked_tables", 1)


class _Marking(Treeprocessor):
    def run(self, root: Element) -> None:
        for table in root.iter("table"):
            header = [self.text(cell) for cell in table.iter("th")]
            rows = [row.findall("td") for row in table.iter("tr") if row.find("td") is not None]
            if any(header) and is_wide(header, [[self.text(cell) for cell in row] for row in rows]):
                table.set("data-stacked", "")
                for row in rows:
                    for label, cell in zip(header[1:], row[1:], strict=False):
                        cell.set("data-label", label)

    def text(self, cell: Element) -> str:
        """The text of a cell; code is finished HTML by now, kept in a stash."""
        stash = self.md.htmlStash.rawHtmlBlocks
        kept = HTML_PLACEHOLDER_RE.sub(lambda found: str(stash[int(found[1])]), "".join(cell.itertext()))
        return unescape(re.sub(r"<[^>]+>", "", kept)).strip()


def is_wide(header: Sequence[str], rows: Sequence[Sequence[str]]) -> bool:
    """Whether a table of three columns or more needs more than a phone has, and is not mostly numbers."""
    columns = [[row[place] for row in rows if place < len(row)] for place in range(len(header))]
    numbers = [all(map(NUMBER.fullmatch, column)) for column in columns]
    if len(header) < 3 or sum(numbers) > len(header) / 2:
        return False
    first, *others = [max(map(len, [title, *column])) for title, column in zip(header, columns, strict=True)]
    letters = [min(first, 30), *(min(longest, BREAKABLE) for longest in others)]
    return sum(SIGN * number + PADDING for number in letters) > PHONE
