"""The laws of a reader (``ltgnn.data.raw.Reader``): a written table gives its rows, a broken one says where."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ltgnn.data.raw import Raw, Reader
from ltgnn.types import UserError

Row = tuple[str, str, str]
"""User, item and rating as they are written."""

ROWS: Sequence[Row] = (("u2", "i7", "5"), ("u1", "i7", "3"), ("u2", "i10", "4"), ("u3", "i1", "1.5"), ("u1", "i1", "2"))


class ReaderCase:
    """Give ``make`` and ``write``. ``first_line``: the line of the first row, 2 below a line of names."""

    first_line: int = 2
    broken: str = "three"
    """A rating that is not a number."""

    def make(self) -> Reader:
        """The reader under test, which reads the rating."""
        raise NotImplementedError

    def write(self, folder: Path, rows: Sequence[Row]) -> Path:
        """Writes the rows, one a line, into the folder as the format has them; the file of the interactions."""
        raise NotImplementedError

    def test_the_rows_are_those_that_were_written(self, tmp_path: Path) -> None:
        self.write(tmp_path, ROWS)
        raw = self.make()(tmp_path)
        assert isinstance(raw, Raw), f"a Raw wanted, {type(raw).__name__} given"
        found = [
            (raw.user_ids[user], raw.item_ids[item])
            for user, item in zip(raw.users.tolist(), raw.items.tolist(), strict=True)
        ]
        assert found == [(user, item) for user, item, _ in ROWS], f"{found} read, {ROWS} written"
        assert raw.ratings is not None, "ratings were written and not read"
        assert raw.ratings.tolist() == [float(rating) for _, _, rating in ROWS], f"ratings {raw.ratings.tolist()} read"

    def test_ids_are_coded(self, tmp_path: Path) -> None:
        """Each id once, as text; codes of 32 bits; every column as long as the rows."""
        self.write(tmp_path, ROWS)
        raw = self.make()(tmp_path)
        for codes, ids, wanted in ((raw.users, raw.user_ids, {"u1", "u2", "u3"}),
                                   (raw.items, raw.item_ids, {"i1", "i7", "i10"})):  # fmt: skip
            assert codes.dtype == np.int32, f"codes in int32 wanted, {codes.dtype} given"
            assert sorted(ids) == sorted(wanted), f"ids {list(ids)} read, {sorted(wanted)} written"
        lengths = {name: len(column) for name, column in columns(raw).items()}
        assert set(lengths.values()) == {len(ROWS)}, f"{len(ROWS)} rows written, columns of {lengths} read"

    def test_the_same_files_give_the_same_twice(self, tmp_path: Path) -> None:
        self.write(tmp_path, ROWS)
        first, second = self.make()(tmp_path), self.make()(tmp_path)
        assert list(first.user_ids) == list(second.user_ids), "the order of the users changes"
        assert list(first.item_ids) == list(second.item_ids), "the order of the items changes"
        for name, column in columns(first).items():
            assert np.array_equal(column, columns(second)[name]), f"{name} changes"

    def test_notes_are_plain_values(self, tmp_path: Path) -> None:
        self.write(tmp_path, ROWS)
        notes = dict(self.make()(tmp_path).notes)
        assert json.loads(json.dumps(notes)) == notes, f"notes that JSON can hold wanted, {notes} given"

    def test_a_broken_line_is_refused_by_its_number(self, tmp_path: Path) -> None:
        for place in (0, 3):
            rows = [*ROWS]
            rows[place] = (*rows[place][:2], self.broken)
            file = self.write(tmp_path, rows)
            said = self.refusal(tmp_path)
            line = f"line {self.first_line + place}"
            assert file.name in said, f"the message names no file {file.name}: {said}"
            assert line in said, f"the message names no {line}: {said}"
            assert self.broken in said, f"the message does not show {self.broken}: {said}"

    def test_a_missing_file_is_refused_by_its_name(self, tmp_path: Path) -> None:
        file = self.write(tmp_path, ROWS)
        file.unlink()
        said = self.refusal(tmp_path)
        assert file.name in said, f"the message names no {file.name}: {said}"

    def refusal(self, folder: Path) -> str:
        """The message of the ``UserError``; an assertion fails where there is none."""
        try:
            raw = self.make()(folder)
        except UserError as error:
            return str(error)
        raise AssertionError(f"UserError wanted, {len(raw)} rows read")


def columns(raw: Raw) -> dict[str, np.ndarray]:
    """The columns of rows that there are, by name."""
    named = {"users": raw.users, "items": raw.items, "times": raw.times, "ratings": raw.ratings,
             "weights": raw.weights, "parts": raw.parts}  # fmt: skip
    return {name: column for name, column in named.items() if column is not None}
