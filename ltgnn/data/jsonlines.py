"""JSON (one object a line, or an array of objects; Python literals; gzip or not) as table files."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any

import polars as pl

from ltgnn.data.columns import Column, Rows, explain, join_names, read_whole
from ltgnn.data.json_objects import DEEPEST, JsonError, as_text, depth_of, from_array, from_lines
from ltgnn.data.text_source import PIECE, TextSource
from ltgnn.types import UserError

ROWS = 1 << 16  # objects taken at a time where they are read one by one
HIGH, LOW = re.compile(rb"\\u[dD][89abAB]"), re.compile(rb"\\u[dD][c-fC-F]")
PAIR = re.compile(rb"\\u[dD][89abAB]..\\u[dD][c-fC-F]")
Objects = Iterator[tuple[int, dict[str, Any]]]


@dataclass(frozen=True)
class JsonLines:
    """Columns are the keys of the objects; a key that an object lacks has no value there. Lists stay JSON text."""

    file: Path
    encoding: str | None = None  # None: by a byte order mark, else UTF-8
    option: str | None = None  # what sets the encoding, for messages
    piece: int = PIECE  # bytes read at a time
    _found: set[str] = field(default_factory=set, compare=False, repr=False)  # ways in which lines are written

    @cached_property
    def _source(self) -> TextSource:
        return TextSource(self.file, self.encoding, self.option)

    @cached_property
    def _by_line(self) -> bool:
        """Whether each line is an object; else they are in an array, or go over several lines."""
        first = next((line for line in self._source.lines() if line.strip()), "{}").strip()
        if first.startswith("["):
            return first.endswith("]") and re.match(r"\[\s*[{\]]", first) is None
        return not first.startswith("{") or first.endswith("}")

    def read(self, columns: Mapping[str, Column], drop_incomplete: bool = False) -> Rows:
        return read_whole(self, columns, drop_incomplete)

    def schema_of(self, columns: Mapping[str, Column]) -> Mapping[str, Any]:
        self._source.start  # noqa: B018  raises if the file does not exist
        return {column.name: pl.String() for column in columns.values()}

    def pieces(self, schema: Mapping[str, Any], values: Sequence[pl.Expr]) -> Iterator[pl.DataFrame]:
        wanted = {name for value in values for name in value.meta.root_names()}
        names = dict.fromkeys([name for name in schema if name in wanted] or list(schema)[:1], pl.String())
        if not self._by_line:
            objects = self._objects()
            while some := list(islice(objects, ROWS)):
                yield self._frame(some, names).select(values)
            return
        for line, text in self._blocks():
            yield self._read(line, text, names).select(values)

    def _read(self, line: int, text: bytes, names: Mapping[str, Any]) -> pl.DataFrame:
        """By polars where it finds an object in each line and no half of a surrogate pair, which it would change.

        Polars before 2 overflows its stack in values that are very deep.
        """
        if _whole_pairs(text) and not _too_deep(text):
            rows = len(re.findall(rb"^[ \t\r]*[^ \t\r\n]", text, re.MULTILINE))
            try:
                frame = pl.read_ndjson(io.BytesIO(text), schema=dict(names))
            except pl.exceptions.PolarsError:
                pass
            else:
                if frame.height == rows:
                    self._found.add("JSON")
                    return frame
        return self._frame(list(self._with_file_name(lambda: from_lines(_numbered(text, line), self._found))), names)

    def _frame(self, objects: Sequence[tuple[int, Mapping[str, Any]]], names: Mapping[str, Any]) -> pl.DataFrame:
        texts = {name: [as_text(fields.get(name)) for _, fields in objects] for name in names}
        try:
            return pl.DataFrame(texts, schema=dict(names))
        except UnicodeEncodeError:
            for line, fields in objects:
                for name in names:
                    try:
                        (as_text(fields.get(name)) or "").encode()
                    except UnicodeEncodeError:
                        raise UserError(
                            f"{self.file}, line {line}, column {name!r}: half of a surrogate pair (\\ud800 to \\udfff) "
                            f"is not a character. Correct the line or delete it."
                        ) from None
            raise

    def _blocks(self) -> Iterator[tuple[int, bytes]]:
        """Complete lines, and the number of the first."""
        line, buffer, parts = 1, b"", list[bytes]()
        for piece in self._source.pieces(self.piece):
            end = piece.rfind(b"\n") + 1
            if not end:
                parts.append(piece)
                continue
            buffer = b"".join([*parts, piece[:end]])
            yield line, buffer
            line += buffer.count(b"\n")
            parts = [piece[end:]]
        if rest := b"".join(parts):
            yield line, rest

    def _objects(self) -> Objects:
        """Each object with the number of its (first) line; slow."""
        if self._by_line:
            return self._with_file_name(lambda: from_lines(enumerate(self._source.lines(), start=1), self._found))
        pieces = (piece.decode() for piece in self._source.pieces(self.piece))
        return self._with_file_name(lambda: from_array(pieces))

    def _with_file_name(self, objects: Callable[[], Objects]) -> Objects:
        try:
            yield from objects()
        except JsonError as error:
            hint = "" if self._by_line else " Wanted one object a line, or an array of objects."
            place, named = f"{self.file}, line {error.line}", self._source.misnamed
            raise UserError(f"{place}: {error.what}. Correct the line or delete it.{hint}{named}") from None

    def place(self, column: str, values: Sequence[str]) -> str:
        wanted = set(values)
        lines = (line for line, fields in self._objects() if as_text(fields.get(column)) in wanted)
        return f"{self.file}, line {next(lines, 0)}, column {column!r}"

    def notes(self) -> dict[str, Any]:
        ways = {"Python"} <= self._found
        form = "lines of Python literals" if ways else "JSON Lines" if self._by_line else "JSON array"
        return {"file": self.file.name, "format": form, **self._source.notes()}

    def explain(self, columns: Mapping[str, Column], drop_incomplete: bool) -> None:
        for line, fields in self._objects():
            for column in columns.values():
                place = f"{self.file}, line {line}, column {column.name!r}"
                if column.required and column.name not in fields and not drop_incomplete:
                    raise UserError(
                        f"{place}: no value; the object has: {join_names(list(fields))}. Correct the line or the "
                        f"column names in data.reader."
                    )
                explain(place, column, as_text(fields.get(column.name)), drop_incomplete)


def _whole_pairs(text: bytes) -> bool:
    """Whether every escaped half of a surrogate pair has its other half."""
    highs = len(HIGH.findall(text))
    return highs == len(LOW.findall(text)) and (not highs or highs == len(PAIR.findall(text)))


def _numbered(text: bytes, line: int) -> Iterator[tuple[int, str]]:
    return enumerate(io.StringIO(text.decode(), newline=""), start=line)


def _too_deep(text: bytes) -> bool:
    """Whether a line has values more than ``DEEPEST`` deep."""
    if text.count(b"[") + text.count(b"{") - text.count(b"\n{") < DEEPEST:  # the other lines open one each
        return False
    many = (line for line in text.split(b"\n") if line.count(b"[") + line.count(b"{") > DEEPEST)
    return any(depth_of(line.decode(errors="replace")) > DEEPEST for line in many)
