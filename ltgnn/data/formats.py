"""The format of a table file, by its content."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from ltgnn.data.columns import TableFile
from ltgnn.data.delimited import OPTIONS, Delimited
from ltgnn.data.jsonlines import JsonLines
from ltgnn.data.parquet import Parquet
from ltgnn.data.text_source import TextSource
from ltgnn.types import UserError

OBJECT = re.compile(r"""\s*(\[\s*)?(\{\s*["'}]|\{\s*\Z|\[\s*\Z|\]\s*\Z)""")  # how JSON (or a Python literal) begins
ENDINGS = {".parquet": "parquet", ".pq": "parquet", ".jsonl": "json", ".ndjson": "json", ".json": "json"}


def table_file(
    file: Path,
    separator: str | None = None,
    quote: str | None = '"',
    names: Sequence[str] | None = None,
    encoding: str | None = None,
    escape: str | None = None,
    typed: bool = False,
    options: Mapping[str, str] = OPTIONS,
) -> TableFile:
    """Parquet, JSON (Lines, an array, Python literals; also packed), else text with separators.

    The name of the file counts where its content is ambiguous.
    """
    if not file.is_file():
        raise UserError(f"No file {file}. Check data.files and the file names in data.reader.")
    with open(file, "rb") as stream:
        if stream.read(4) == b"PAR1":
            return Parquet(file)
    named = next((ENDINGS[end] for end in reversed(file.suffixes[-2:]) if end in ENDINGS), "text")
    if named == "parquet":
        return Parquet(file)  # its reader reports that it is not one
    source = TextSource(file, encoding, options.get("encoding"))
    begins = next((line for line in source.lines() if line.strip()), "")[:200]
    if named == "json" or OBJECT.match(begins):
        return JsonLines(file, encoding, options.get("encoding"))
    return Delimited(file, separator, quote, names, typed, encoding, escape, options)
