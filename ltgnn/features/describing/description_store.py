"""Descriptions on disk: one file for each model and prompt, one line for each text, added as they are written."""

from __future__ import annotations

import hashlib
import json
import logging
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ltgnn.features.describing.description import Description
from ltgnn.features.store import key_of
from ltgnn.io.atomic_write import Unwritable, make_folder

log = logging.getLogger(__name__)


class DescriptionStore:
    """A folder with ``KEY.jsonl``; the key is the hash of model, prompt and parts, and the first line holds them.

    Each further line is what was written about one text, with the hash of that text and a hash of its own. A line is on
    the disk before the next batch begins, so that a killed process loses one batch; a line that is cut short or changed
    is not read and written anew.
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)

    def path(self, identity: Mapping[str, Any]) -> Path:
        """The file of one model and prompt."""
        return self.folder / f"{key_of(identity, [])}.jsonl"

    def find(self, identity: Mapping[str, Any]) -> dict[str, Description]:
        """What is there: hash of a text -> what was written about it."""
        entries = self._lines(identity)
        if damaged := entries.count(None):
            log.warning("%s: %d lines are damaged; their texts are described anew", self.path(identity), damaged)
        return dict(entry for entry in entries if entry is not None)

    def whole_lines(self, identity: Mapping[str, Any]) -> int:
        """How many lines are as they were written; a text may have several."""
        return sum(line is not None for line in self._lines(identity))

    def _lines(self, identity: Mapping[str, Any]) -> list[tuple[str, Description] | None]:
        """The lines after the first; None for a damaged one."""
        try:
            lines = self.path(identity).read_bytes().split(b"\n")[1:]
        except FileNotFoundError:
            return []
        return [_read(line) for line in lines if line]

    @contextmanager
    def writing(self, identity: Mapping[str, Any]) -> Iterator[DescriptionFile]:
        """The file, for one process at a time; others wait. ``Unwritable`` before anything is asked of a model."""
        from filelock import FileLock

        make_folder(self.folder, "LTGNN_CACHE")
        path = self.path(identity)
        try:
            with FileLock(path.with_suffix(".lock")), path.open("a+b") as opened:
                yield DescriptionFile(opened, identity)
        except PermissionError as error:
            raise Unwritable(
                f"{path} cannot be written: {error.strerror}. Name another folder with LTGNN_CACHE."
            ) from error


class DescriptionFile:
    """An open file of descriptions, to which lines are added."""

    def __init__(self, opened: Any, identity: Mapping[str, Any]) -> None:
        self.opened = opened
        size = opened.seek(0, os.SEEK_END)
        if not size:
            self._add(json.dumps({"identity": dict(identity)}, ensure_ascii=False).encode() + b"\n")
            return
        opened.seek(size - 1)
        if opened.read(1) != b"\n":  # of a process that was killed while it wrote
            self._add(b"\n")

    def add(self, found: Mapping[str, Description]) -> None:
        """Lines for these texts, by hash; on the disk when this returns."""
        self._add(b"".join(_line(key, one) for key, one in found.items()))

    def _add(self, lines: bytes) -> None:
        self.opened.write(lines)
        self.opened.flush()
        os.fsync(self.opened.fileno())


def text_key(text: str) -> str:
    """sha256 of a text."""
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()


def _line(key: str, one: Description) -> bytes:
    content = json.dumps({"text": key, **asdict(one)}, ensure_ascii=False).encode(errors="replace")
    return hashlib.sha256(content).hexdigest()[:16].encode() + b" " + content + b"\n"


def _read(line: bytes) -> tuple[str, Description] | None:
    """The hash of the text and the description; None of a line that is not as it was written."""
    digest, _, content = line.partition(b" ")
    if hashlib.sha256(content).hexdigest()[:16].encode() != digest:
        return None
    values = json.loads(content)
    return str(values.pop("text")), Description(**values)
