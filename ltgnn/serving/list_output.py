"""Lists as a terminal table, CSV, JSON lines or Parquet; files are written block by block and atomically."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from ltgnn.io.atomic_write import replace_atomically
from ltgnn.io.spreadsheet import marked_frame
from ltgnn.io.terminal import literal, open_console
from ltgnn.types import UserError

if TYPE_CHECKING:
    import polars as pl

FORMATS = (".csv", ".json", ".jsonl", ".parquet")


def show(frame: pl.DataFrame, title: str) -> None:
    """A table for people; numbers with four digits. Raw text is never read as the terminal's markup."""
    from rich.table import Table

    table = Table(box=None, padding=(0, 1))
    for name, kind in frame.schema.items():
        table.add_column(literal(name), justify="right" if kind.is_numeric() else "left")
    for row in frame.iter_rows():
        table.add_row(*(literal(f"{cell:.4f}" if isinstance(cell, float) else cell) for cell in row))
    console = open_console()
    console.print(literal(title, "bold"), soft_wrap=True)
    console.print(table)


def save(frames: Iterable[pl.DataFrame], file: Path, schema: pl.Schema) -> int:
    """Write a stream of tables to one file by its ending; rows written. A block is in memory at a time.

    In ``.csv``, texts that a spreadsheet would run as formulas are marked (``ltgnn.io.spreadsheet``).
    ``.json`` is an array of objects, ``.jsonl`` an object a line.
    """
    if file.suffix not in FORMATS:
        raise UserError(f"out={file} given, a file that ends in {', '.join(FORMATS)} wanted.")
    counted = CountedFrames(frames)
    with replace_atomically(file, "out=") as temporary:
        if file.suffix == ".parquet":
            from polars.io.plugins import register_io_source

            def source(columns: object, predicate: object, rows: object, size: object) -> Iterator[pl.DataFrame]:
                yield from counted

            register_io_source(source, schema=schema, is_pure=False).sink_parquet(temporary)
        else:
            _text(counted, temporary, file.suffix, schema)
    return counted.rows


def _text(frames: Iterable[pl.DataFrame], file: Path, suffix: str, schema: pl.Schema) -> None:
    import polars as pl

    with file.open("w", encoding="utf-8", newline="") as stream:
        if suffix == ".csv":
            stream.write(marked_frame(pl.DataFrame(schema=schema)).write_csv())
            for frame in frames:
                stream.write(marked_frame(frame).write_csv(include_header=False))
            return
        first, between = True, "\n" if suffix == ".jsonl" else ",\n"
        stream.write("" if suffix == ".jsonl" else "[\n")
        for frame in frames:
            if frame.height:
                stream.write(("" if first else between) + between.join(frame.write_ndjson().splitlines()))
                first = False
        stream.write("\n" if suffix == ".jsonl" else "\n]\n")


class CountedFrames:
    """A stream of tables that knows how many rows went by."""

    def __init__(self, frames: Iterable[pl.DataFrame]) -> None:
        self.frames, self.rows = frames, 0

    def __iter__(self) -> Iterator[pl.DataFrame]:
        for frame in self.frames:
            self.rows += frame.height
            yield frame
