"""Delimited text files (CSV, TSV, ``::``, gzip or not) as table files."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import polars as pl

from ltgnn.data.columns import Column, Rows, explain, read_whole, require_columns
from ltgnn.data.header import Header, is_number, read_header
from ltgnn.data.records import RECORD, Block, Dialect, RecordError, blank, blocks
from ltgnn.data.tab_quotes import enclosing
from ltgnn.data.text_source import PIECE, TextSource
from ltgnn.io.pluralize import pluralize
from ltgnn.types import UserError

OPTIONS = {key: f"data.reader.{key}" for key in ("separator", "quote", "encoding", "escape", "names")}


@dataclass(frozen=True)
class Delimited:
    """One row a line, or more where a quoted value holds line ends; every row has the fields of the header.

    What cannot be read for certain is refused by file and line, with the option that settles it.
    """

    file: Path
    separator: str | None  # None: found in the first line
    quote: str | None  # None: quotes are ordinary characters
    names: Sequence[str] | None = None  # of the columns; None: the first line has them
    typed: bool = False  # names carry a type after a colon, as in RecBole's "user_id:token"
    encoding: str | None = None  # None: by a byte order mark, else UTF-8
    escape: str | None = None  # sign before a quote inside a value, such as a backslash
    options: Mapping[str, str] = field(default_factory=lambda: OPTIONS)  # what -> option that sets it, for messages
    piece: int = PIECE  # bytes read at a time

    @cached_property
    def _source(self) -> TextSource:
        return TextSource(self.file, self.encoding, self.options.get("encoding"))

    @cached_property
    def _start(self) -> Header:
        self._check_signs()
        separator = "\t" if self.separator == "\\t" else self.separator
        start = read_header(self._source.lines(), separator, self.quote, self.escape, self.names, self.typed)
        if not start.names:
            raise UserError(f"{self.file} is empty; wanted a first line with column names and rows below it.")
        if start.repeated and self.names is not None:
            raise UserError(f"{self.options.get('names', 'names')}: a repeated name: {', '.join(start.repeated)}.")
        if start.named:
            raise UserError(
                f"{self.file}, line {start.lines + 1}: the names given for the columns stand here ({start.named}). "
                f"Leave out {self.options.get('names', 'names')}, or, if it is a row, give other names."
            )
        return start

    @cached_property
    def header(self) -> list[str]:
        """The names of the columns, each of which is unique."""
        return self._start.names

    @cached_property
    def _dialect(self) -> Dialect:
        dialect = Dialect(self._start.separator, self.quote, self.escape, len(self.header))
        if dialect.separator != "\t" or dialect.quote is None or dialect.escape is not None:
            return dialect
        try:
            return replace(dialect, quote=enclosing(self._body, dialect, self._start.lines + 1))
        except RecordError as error:
            raise self._explain_refusal(error) from None

    def read(self, columns: Mapping[str, Column], drop_incomplete: bool = False) -> Rows:
        return read_whole(self, columns, drop_incomplete)

    def schema_of(self, columns: Mapping[str, Column]) -> Mapping[str, Any]:
        require_columns(self.file, columns, self.header, self._hint())
        for column in columns.values():
            if column.name in self._start.repeated:
                raise UserError(
                    f"{self.file}, line {self._start.lines}: several columns are called {column.name!r}. Give them "
                    f"names of their own."
                )
        return dict.fromkeys(self.header, pl.String())

    def pieces(self, schema: Mapping[str, Any], values: Sequence[pl.Expr]) -> Iterator[pl.DataFrame]:
        wanted = {name for value in values for name in value.meta.root_names()}
        places = [place for place, name in enumerate(self.header) if name in wanted] or [0]
        for block in self._blocks():
            yield self._frame(block, places).select(values)

    def _frame(self, block: Block, places: Sequence[int]) -> pl.DataFrame:
        """The columns at these places: by polars where the text is regular, and it finds as many rows as there are."""
        names = [self.header[place] for place in places]
        if block.rows is None:
            frame = pl.read_csv(
                block.text,
                has_header=False,
                columns=list(places),
                separator=self._dialect.sign,
                quote_char=block.quote,
                infer_schema=False,
            )
            frame.columns = names
            if block.quote is not None:
                for sign, meant in self._stood_in(block.text):
                    frame = frame.select(pl.all().str.replace_all(sign, meant, literal=True))
            if frame.height == block.size:
                return frame
        plain = block.rows is not None and self._dialect.sign == self._dialect.separator
        rows = block.rows or [] if plain else [row for _, row in self._rows_of(block)]
        return pl.DataFrame(
            {name: [row[place] for row in rows] for name, place in zip(names, places, strict=True)},
            schema=dict.fromkeys(names, pl.String()),
        )

    def _stood_in(self, text: bytes) -> list[tuple[str, str]]:
        """Placeholder characters in quoted values."""
        signs = [(RECORD, "\n"), (self._dialect.sign, self._dialect.separator)]
        return [(sign, meant) for sign, meant in signs if sign != meant and sign.encode() in text]

    def _body(self) -> Iterator[bytes]:
        """The text below the header, as UTF-8."""
        left, before = self._start.lines, b""
        for piece in self._source.pieces(self.piece):
            if not left:
                yield piece
                continue
            before += piece
            place = 0
            while left and (end := _line_end(before, place)):
                place, left = end, left - 1
            before = before[place:]
            if not left and before:
                yield before

    def _blocks(self) -> Iterator[Block]:
        try:
            yield from blocks(self._body(), self._dialect, self._start.lines + 1)
        except RecordError as error:
            raise self._explain_refusal(error) from None

    def _rows_of(self, block: Block) -> Iterator[tuple[int, list[str]]]:
        """Number of the first line of each row, and its values; slow."""
        dialect = self._dialect if block.rows is not None else replace(self._dialect, quote=block.quote)
        reader: Any = dialect.reader(iter(io.StringIO(block.raw.decode(), newline="")))
        line = block.line
        for row in reader:
            if not blank(row, len(self.header)):
                yield line, [value.replace(dialect.sign, dialect.separator) for value in row]
            line = block.line + reader.line_num

    def _rows(self) -> Iterator[tuple[int, list[str]]]:
        for block in self._blocks():
            yield from self._rows_of(block)

    def place(self, column: str, values: Sequence[str]) -> str:
        at, wanted = self.header.index(column), set(values)
        lines = (line for line, row in self._rows() if row[at].strip() in wanted)
        return f"{self.file}, line {next(lines, 0)}, column {column!r}"

    def explain(self, columns: Mapping[str, Column], drop_incomplete: bool) -> None:
        """Raises ``UserError`` for the first row that does not fit."""
        places = {self.header.index(column.name): column for column in columns.values()}
        for line, row in self._rows():
            for place, column in places.items():
                explain(f"{self.file}, line {line}, column {column.name!r}", column, row[place], drop_incomplete)

    def notes(self) -> dict[str, Any]:
        quotes = (
            {} if self.quote is None or self._dialect.quote else {"quotes": "ordinary characters (no value is closed)"}
        )
        return {"file": self.file.name, **self._start.notes, **self._source.notes(), **quotes}

    def _check_signs(self) -> None:
        """Raises where a sign of the format cannot be one."""
        for what, sign in (("separator", self.separator), ("quote", self.quote), ("escape", self.escape)):
            longest = 2 if what == "separator" else 1
            if sign is not None and (not 1 <= len(sign) <= longest or "\n" in sign or "\r" in sign):
                wanted = "one or two signs" if longest == 2 else "one sign"
                raise UserError(f"{self.options.get(what, what)}={sign[:40]!r}: wanted {wanted}, or null.")
            if what != "separator" and sign is not None and (not sign.isascii() or sign == self.separator):
                raise UserError(f"{self.options.get(what, what)}={sign!r}: wanted a plain sign, and not the separator.")

    def _advice(self, what: str, value: str, sentence: str = "{}") -> str:
        """ " A sentence that names an option of this reader; nothing where it has none."""
        option = self.options.get(what)
        return " " + sentence.format(f"{option}={value}") if option else ""

    def _hint(self) -> str:
        if len(self.header) == 1 and self.names is None:
            found = repr(self._start.separator)
            advice = (
                self._advice("separator", repr(self._start.likely or "SIGN"), 'Set "{}", or correct the file.')
                or " Correct the file."
            )
            return f"Is {found} the separator?{advice}{self._source.misnamed}"
        if any(is_number(name) for name in self.header):
            sentence = "Name its columns by '{}' (a name for each)."
            advice = self._advice("names", "[user,item,...]", sentence) or " Add a line with names."
            return f"The first line looks like data.{advice}{self._source.misnamed}"
        above = self._start.notes.get("comment lines above")
        lines = pluralize(above or 0, "line that begins with '#' was", "lines that begin with '#' were")
        comments = f" Above the names, {lines} left out." if above else ""
        where = "the column names in data.reader" if self.options else "the names of its columns"
        return f"Correct the file or {where}.{comments}{self._source.misnamed}"

    def _explain_refusal(self, error: RecordError) -> UserError:
        """What is wrong with a record, and what settles it."""
        quote, wanted = str(self.quote), len(self.header)
        ordinary = self._advice("quote", "null", "If quotes are ordinary characters: {}.")
        escaped = self._advice("escape", "\\\\", "If a backslash precedes such quotes: '{}'.")
        fields = f"{pluralize(error.fields, 'field')}, but there are {wanted} columns"
        separator = f"Is {self._start.separator!r} the separator, or does a value hold one outside of quotes?"
        said = {
            "fields": f"{fields}. {separator}",
            "open": f"a value begins with {quote} and is not closed.",
            "split": f"a value begins with {quote}, which is not closed in its line but in the middle of a later one.",
            "escape": f"inside of a value, {quote} follows a backslash.",
            "either": f"a value begins with {quote} and is closed in a later line, but each of them is a row, too.",
            "long": "a row of more than 256 MB.",
            "sign": "the sign \\x1f, which cannot be read where the separator has two signs.",
        }[error.what]
        if error.what == "fields" and (self.quote is None or quote not in error.text):
            ordinary = escaped = ""
        if error.what == "sign" or (error.what == "fields" and f"\\{quote}" not in error.text):
            escaped = ""
        return UserError(f"{self.file}, line {error.line}: {said} Correct the row.{ordinary}{escaped}")


def _line_end(text: bytes, start: int) -> int:
    """Where the line that begins at ``start`` ends (behind LF, CRLF or CR); 0 if it is not seen yet."""
    feed, back = text.find(b"\n", start), text.find(b"\r", start)
    if back < 0 or 0 <= feed < back:
        return feed + 1
    if back + 1 == len(text):
        return 0  # the LF may follow
    return back + 2 if text[back + 1] == b"\n"[0] else back + 1
