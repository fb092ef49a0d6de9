"""The case of readers on shipped ones, and on one of one's own."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import polars as pl

from ltgnn.data.raw import Raw, Reader
from ltgnn.testing.reader import ReaderCase, Row
from ltgnn.types import UserError
from tests.data.readers import reader


class TestTable(ReaderCase):
    def make(self) -> Reader:
        return reader("table", interactions={"all": "shop.csv"}, rating="stars")

    def write(self, folder: Path, rows: Sequence[Row]) -> Path:
        file = folder / "shop.csv"
        file.write_text("\n".join(["item_id,stars,user_id", *(f"{i},{r},{u}" for u, i, r in rows)]) + "\n")
        return file


class TestTableWithoutNames(ReaderCase):
    first_line = 1

    def make(self) -> Reader:
        return reader("table", interactions={"all": "u.data"}, names=["user_id", "item_id", "stars"], rating="stars")

    def write(self, folder: Path, rows: Sequence[Row]) -> Path:
        file = folder / "u.data"
        file.write_text("".join("\t".join(row) + "\n" for row in rows))
        return file


class TestJsonLines(ReaderCase):
    first_line = 1

    def make(self) -> Reader:
        return reader("table", interactions={"all": "shop.jsonl"}, rating="stars")

    def write(self, folder: Path, rows: Sequence[Row]) -> Path:
        file = folder / "shop.jsonl"
        line = '{{"user_id": "{}", "item_id": "{}", "stars": {}}}\n'
        file.write_text("".join(line.format(u, i, r if r != self.broken else f'"{r}"') for u, i, r in rows))
        return file


class TestRecBole(ReaderCase):
    def make(self) -> Reader:
        return reader("recbole", interactions={"all": "toy.inter"}, rating="rating")

    def write(self, folder: Path, rows: Sequence[Row]) -> Path:
        file = folder / "toy.inter"
        names = "user_id:token\titem_id:token\trating:float"
        file.write_text("\n".join([names, *("\t".join(row) for row in rows)]) + "\n")
        return file


class Pairs:
    """A reader of one's own: ``user item rating`` behind blanks, no line of names."""

    def __call__(self, folder: Path) -> Raw:
        file = folder / "pairs.txt"
        if not file.is_file():
            raise UserError(f"{file} is not there.")
        rows = [line.split() for line in file.read_text().splitlines()]
        for number, row in enumerate(rows, 1):
            if not row[2].replace(".", "").isdigit():
                raise UserError(f"{file}, line {number}: '{row[2]}' given, a number wanted.")
        ids = [sorted({row[place] for row in rows}) for place in (0, 1)]
        codes = [np.array([ids[place].index(row[place]) for row in rows], dtype=np.int32) for place in (0, 1)]
        ratings = np.array([row[2] for row in rows], dtype=np.float32)
        return Raw(codes[0], codes[1], pl.Series(ids[0]), pl.Series(ids[1]), ratings=ratings)


class TestOnesOwn(ReaderCase):
    first_line = 1

    def make(self) -> Reader:
        return Pairs()

    def write(self, folder: Path, rows: Sequence[Row]) -> Path:
        file = folder / "pairs.txt"
        file.write_text("".join(" ".join(row) + "\n" for row in rows))
        return file
