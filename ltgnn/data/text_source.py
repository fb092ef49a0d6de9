"""The text of a file as UTF-8, piece by piece: unpacked where it is gzip, decoded from what it is encoded in."""

from __future__ import annotations

import codecs
import gzip
import io
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TypeVar

from ltgnn.types import UserError

PIECE = 1 << 24  # bytes read at a time
GZIP = b"\x1f\x8b"
LINE_END = re.compile(r"\r\n|\r|\n")
MARKS = (  # byte order marks; that of UTF-32 starts like that of UTF-16
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
FOREIGN = {  # first bytes of files of other kinds
    b"PK\x03\x04": "a zip archive or a spreadsheet (.xlsx); unpack it, or save the sheet as CSV",
    b"\xd0\xcf\x11\xe0": "an old spreadsheet (.xls); save the sheet as CSV",
    b"BZh": "packed by bzip2; unpack it, or pack it by gzip",
    b"\xfd7zXZ": "packed by xz; unpack it, or pack it by gzip",
    b"\x28\xb5\x2f\xfd": "packed by zstd; unpack it, or pack it by gzip",
    b"ARROW1": "an Arrow file; write it as Parquet",
    b"SQLite format 3": "an SQLite database; write the table as CSV or Parquet",
}
Piece = TypeVar("Piece")
CONTROLS = re.compile(rb"\xc2[\x80-\x84\x86-\x9f]")
"""Control characters (U+0080 to U+009F) as UTF-8, without the line end U+0085; in cp1252 these bytes are quotes."""
BROKEN = (EOFError, OSError, zlib.error)


@dataclass(frozen=True)
class TextSource:
    """A text file, gzip (of one member or several) or not. Raises ``UserError`` where it cannot be read."""

    file: Path
    encoding: str | None = None  # None: by its byte order mark, else UTF-8
    option: str | None = None  # what sets the encoding, for messages

    @cached_property
    def packed(self) -> bool:
        """Whether the file is gzip, by its content."""
        if not self.file.is_file():
            raise UserError(f"No file {self.file}. Check data.files and the file names in data.reader.")
        try:
            with open(self.file, "rb") as stream:
                return stream.read(2) == GZIP
        except OSError as error:
            raise UserError(f"{self.file}: {error.strerror}.") from error

    @cached_property
    def start(self) -> bytes:
        """The first bytes, unpacked."""
        try:
            with self._open() as stream:
                start = stream.read(4096)
        except BROKEN as error:
            raise self._compression_error(error) from error
        for magic, what in FOREIGN.items():
            if start.startswith(magic):
                raise UserError(f"{self.file}: not text, but {what}.{self.misnamed}")
        return start

    @property
    def misnamed(self) -> str:
        """A sentence for messages where the name is of a gzip file and the content is not, else ""."""
        wrong = self.file.suffix == ".gz" and not self.packed
        return " The file is called .gz, but is not packed by gzip." if wrong else ""

    @cached_property
    def codec(self) -> tuple[str, str]:
        """Python's name of the encoding, and how it is known."""
        for mark, name in MARKS:
            if self.start.startswith(mark):
                return name, "byte order mark"
        if self.encoding is None:
            return "utf-8", "every byte fits"
        try:
            "".encode(self.encoding)
        except (LookupError, UnicodeError, ValueError):
            raise UserError(
                f"{self.option or 'encoding'}={self.encoding[:40]}: no such encoding of texts; "
                f"wanted e.g. utf-8, utf-16-le, latin-1, cp1252."
            ) from None
        return self.encoding, "given"

    def pieces(self, size: int = PIECE) -> Iterator[bytes]:
        """The full text as UTF-8 without a byte order mark; a piece never cuts a character."""
        name, _ = self.codec
        decoder = codecs.getincrementaldecoder(name)()
        latin = codecs.lookup(name).name == "iso8859-1"
        length, before = -1, 1  # the line that a piece begins in
        try:
            with self._open() as stream:
                while length:
                    raw = stream.read(size)
                    length = len(raw)
                    if name == "utf-8" and raw.isascii() and not decoder.getstate()[0]:
                        piece = raw
                    else:
                        piece = decoder.decode(raw, final=not raw).encode()
                    if b"\0" in piece:
                        raise self._binary_error()
                    if latin and (found := CONTROLS.search(piece)):
                        raise self._controls(before + piece[: found.start()].count(b"\n"))
                    before += piece.count(b"\n")
                    if piece:
                        yield piece
        except UnicodeError as error:
            raise self._decoding_error(error) from error
        except BROKEN as error:
            raise self._compression_error(error) from error

    def lines(self) -> Iterator[str]:
        """Lines with their ends (LF, CRLF or CR), for headers and messages; slow."""
        try:
            with io.TextIOWrapper(self._open(), self.codec[0], newline="") as stream:  # type: ignore[type-var]
                yield from stream
        except UnicodeError as error:
            raise self._decoding_error(error) from error
        except BROKEN as error:
            raise self._compression_error(error) from error

    def notes(self) -> dict[str, str]:
        """The encoding and how it is known; what is odd about the name."""
        name, how = self.codec
        shown = {"utf-8-sig": "UTF-8", "utf-16": "UTF-16", "utf-32": "UTF-32", "utf-8": "UTF-8"}.get(name, name)
        odd = {"name": "ends in .gz, but the file is not packed by gzip"} if self.misnamed else {}
        packed = {"packed": "gzip"} if self.packed and self.file.suffix != ".gz" else {}
        return {"encoding": f"{shown} ({how})", **odd, **packed}

    def _open(self) -> io.BufferedIOBase:
        return gzip.GzipFile(self.file) if self.packed else self.file.open("rb")

    def _decoding_error(self, error: UnicodeError) -> UserError:
        self._refuse_binary()
        line, name = self._last_line(), self.codec[0]
        shown = "UTF-8" if name in ("utf-8", "utf-8-sig") else name
        reason = getattr(error, "reason", str(error))
        advice = f" Set its encoding, e.g. {self.option}=cp1252 or latin-1." if self.option else " Convert it to UTF-8."
        return UserError(f"{self.file}, line {line}: not {shown} ({reason}).{advice}{self.misnamed}")

    def _binary_error(self) -> UserError:
        self._refuse_binary()
        return UserError(f"{self.file}, line {self._last_line()}: a NUL byte, which no text holds. Correct the line.")

    def _controls(self, line: int) -> UserError:
        set_it = f"set {self.option}=cp1252" if self.option else "convert it to UTF-8"
        return UserError(f"{self.file}, line {line}: a control character in latin-1. It looks like cp1252; {set_it}.")

    def _refuse_binary(self) -> None:
        """Raises where the first bytes are not text, or UTF-16 without a mark."""
        if self.codec[0] != "utf-8" or b"\0" not in self.start:
            return
        size = max(1, len(self.start) // 2)
        for name, zeros in (("utf-16-le", self.start[1::2].count(0)), ("utf-16-be", self.start[::2].count(0))):
            if zeros > 0.3 * size and self.start.count(0) < 1.2 * zeros:
                advice = f"set {self.option}={name}" if self.option else "convert it to UTF-8"
                raise UserError(f"{self.file}, line 1: it looks like {name} without a byte order mark; {advice}.")
        if self.start.count(0) > 3:
            raise UserError(f"{self.file}, line 1: not text, but binary data.{self.misnamed}")

    def _compression_error(self, error: Exception) -> UserError:
        if isinstance(error, OSError) and error.errno is not None:
            return UserError(f"{self.file}: {error.strerror}.")
        line = self._last_line() - 1
        if isinstance(error, EOFError):
            return UserError(f"{self.file}, after line {line}: the compressed file is cut short. Fetch it again.")
        return UserError(f"{self.file}, after line {line}: the compressed file is damaged ({error}). Fetch it again.")

    def _last_line(self) -> int:
        """Number of the line at which reading stops."""
        line, ended = 1, False
        try:
            decoder = codecs.getincrementaldecoder(self.codec[0] if "start" in vars(self) else "utf-8")()
            with self._open() as stream:
                while raw := stream.read1(1 << 16):
                    for start in range(0, len(raw), 512):
                        text = decoder.decode(raw[start : start + 512])
                        line += len(LINE_END.findall(text)) - (ended and text.startswith("\n"))
                        ended = text.endswith("\r")
                        if "\0" in text:
                            return line - len(LINE_END.findall(text[text.index("\0") :]))
        except UnicodeDecodeError as error:
            before_error = bytes(error.object[: error.start]).decode(error.encoding, errors="replace")
            return line + len(LINE_END.findall(before_error))
        except (*BROKEN, UserError):
            pass
        return line


def with_last(pieces: Iterator[Piece]) -> Iterator[tuple[Piece, bool]]:
    """Each piece, and whether it is the last one."""
    before = next(pieces, None)
    for piece in pieces:
        if before is not None:
            yield before, False
        before = piece
    if before is not None:
        yield before, True
