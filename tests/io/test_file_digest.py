"""A digest is that of the file as it is."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path, PosixPath
from typing import Any, ClassVar

import pytest

from ltgnn.io.file_digest import file_digest
from ltgnn.io.scoped_cache import cache_scope

AT_ONCE = -1e9
"""Seconds from which a file counts as settled: one that was written just now."""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "i.csv").write_text("u,i\n1,2\n")
    return tmp_path / "i.csv"


def overwrite(file: Path, text: str) -> None:
    """Other contents with the same size, time of change and inode."""
    before = file.stat()
    file.write_text(text)
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))


def test_it_is_sha256(file: Path) -> None:
    assert file_digest(file) == hashlib.sha256(file.read_bytes()).hexdigest()
    with pytest.raises(FileNotFoundError):
        file_digest(file.with_name("other"))


def test_another_file_at_the_same_place_is_read(file: Path) -> None:
    with cache_scope():
        first = file_digest(file, AT_ONCE)
        before = file.stat()
        other = file.with_name("new")
        other.write_text("u,i\n9,9\n")
        os.utime(other, ns=(before.st_atime_ns, before.st_mtime_ns))
        other.replace(file)
        assert file_digest(file, AT_ONCE) != first


def test_a_file_that_changed_just_now_is_read_each_time(file: Path) -> None:
    with cache_scope():
        first = file_digest(file)
        overwrite(file, "u,i\n9,9\n")
        assert file_digest(file) != first


class Counted(PosixPath):
    """A file that counts how often it is opened."""

    opened: ClassVar[list[str]] = []

    def open(self, *args: Any, **kwargs: Any) -> Any:
        self.opened.append(self.name)
        return super().open(*args, **kwargs)


def test_a_settled_file_is_read_once_in_a_scope(file: Path) -> None:
    counted = Counted(file)
    with cache_scope():
        assert len({file_digest(counted, AT_ONCE) for _ in range(3)}) == 1
        assert Counted.opened == [file.name]
    file_digest(counted, AT_ONCE)
    assert len(Counted.opened) == 2
