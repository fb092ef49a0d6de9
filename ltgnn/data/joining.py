"""Tables of items joined to the byte from published files: a project's numbers by ASIN, Amazon's metadata by UCSD."""

from __future__ import annotations

import ast
import gzip
import html
import json
import re
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ltgnn.data.download import download
from ltgnn.data.fetch import Unavailable

ASIN = re.compile(r"""["']asin["']\s*:\s*["']([^"']+)["']""")
Asins = Callable[[str], Mapping[int, str]]
"""Text of a published file -> ASIN of each item by its number."""


@dataclass(frozen=True)
class Joined:
    """A table of item, asin, title, categories; its sha256 is checked like that of any other file.

    The metadata, hundreds of megabytes packed, are read line by line; of the lines only those of the items are parsed.
    """

    file: str
    asins: str  # URL
    read_asins: Asins
    metadata: str  # URL of a gzip file, an object a line: JSON (2018) or a Python literal (2014)
    categories: bool  # as paths; else the column stays empty
    swapped: Sequence[tuple[int, int]] = ()  # items that have each other's titles in the verified file

    def __call__(self, name: str, wanted: Sequence[str], into: Path, parts: Path) -> None:
        if self.file not in wanted:
            raise Unavailable(f"makes {self.file} only")
        asins, metadata = into / ".asins", into / ".metadata"
        download(self.asins, parts / f".{self.file}.asins.part", asins)
        download(self.metadata, parts / f".{self.file}.metadata.part", metadata)
        try:
            numbers = self.read_asins(asins.read_text(encoding="utf-8"))
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise Unavailable(f"{self.asins} has another form than expected: {error!r}") from error
        try:
            texts = products(metadata, set(numbers.values()))
        except (OSError, EOFError, zlib.error, ValueError, SyntaxError, RecursionError, MemoryError) as error:
            raise Unavailable(f"{self.metadata} is damaged or has another form than expected: {error}") from error
        if without := [asin for asin in numbers.values() if asin not in texts]:
            raise Unavailable(f"{self.metadata} lacks {len(without)} of {len(numbers)} products, e.g. {without[0]}")
        (into / self.file).write_text(self._table(numbers, texts), encoding="utf-8", newline="\n")

    def _table(self, numbers: Mapping[int, str], texts: Mapping[str, tuple[str, str]]) -> str:
        titles = {item: texts[asin][0] for item, asin in numbers.items()}
        for one, two in self.swapped:
            titles[one], titles[two] = titles[two], titles[one]
        rows = [
            (str(item), asin, titles[item], texts[asin][1] if self.categories else "")
            for item, asin in sorted(numbers.items())
        ]
        return "".join("\t".join(row) + "\n" for row in [("item", "asin", "title", "categories"), *rows])


def json_map(text: str) -> dict[int, str]:
    """``{"id2item": {"1": ASIN, ...}, ...}``, as in RDRec and S3-Rec."""
    return {int(item): str(asin) for item, asin in json.loads(text)["id2item"].items()}


def tab_map(text: str) -> dict[int, str]:
    """A line ``ASIN item`` each, as in LC-Rec."""
    pairs = (line.split("\t") for line in text.splitlines())
    return {int(item): asin for asin, item in pairs}


def products(metadata: Path, asins: set[str]) -> dict[str, tuple[str, str]]:
    """Title and category paths of these products; of several lines the last one with a title counts."""
    found: dict[str, tuple[str, str]] = {}
    for line in _lines(metadata):
        match = ASIN.search(line)
        if match is None or match[1] not in asins:
            continue
        product = _parse(line)
        title = tidy(product.get("title") or "")
        if title or match[1] not in found:
            found[match[1]] = title, category_paths(product.get("categories") or [])
    return found


def _lines(file: Path) -> Iterator[str]:
    with gzip.open(file, "rt", encoding="utf-8") as stream:
        yield from stream


def _parse(line: str) -> dict[str, Any]:
    try:
        product = json.loads(line)
    except ValueError:
        product = ast.literal_eval(line)  # literals only: nothing is called
    if not isinstance(product, dict):
        raise ValueError(f"wanted an object a line, not {line[:40]!r}")
    return product


def tidy(text: str) -> str:
    """HTML entities decoded, runs of blanks one blank."""
    return " ".join(html.unescape(text).split())


def category_paths(paths: Sequence[Sequence[str]]) -> str:
    """Levels joined by " > ", paths by " | "."""
    return " | ".join(" > ".join(tidy(level) for level in path) for path in paths)
