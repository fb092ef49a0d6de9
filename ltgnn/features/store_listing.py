"""Entries of a feature store: list, check, clear."""

from __future__ import annotations

import json
import time
from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import torch

from ltgnn.features.store import digest
from ltgnn.io.pluralize import pluralize


class Stored:
    """One thing in the store that can be deleted by itself. A subclass gives ``files``, ``marks`` and ``source``."""

    kind: ClassVar[str]
    counted: ClassVar[tuple[str, str]]  # one, several
    heals: ClassVar[bool] = True  # what is damaged in it is left out and made anew when it is read
    path: Path

    @property
    def key(self) -> str:
        return self.path.stem

    @property
    @abstractmethod
    def files(self) -> list[Path]:
        """All files with content."""
        raise NotImplementedError

    @property
    @abstractmethod
    def marks(self) -> set[str]:
        """By which it is known in the cards of runs (``store_use.uses``)."""
        raise NotImplementedError

    @property
    @abstractmethod
    def source(self) -> str:
        """What made it, in short."""
        raise NotImplementedError

    def readers(self, users: Mapping[str, Sequence[str]]) -> list[str]:
        """The runs that read it; ``users``: mark -> runs."""
        return list(dict.fromkeys(run for mark in sorted(self.marks) for run in users.get(mark, ())))

    @property
    def size(self) -> str:
        """Items and width, or how many there are."""
        return pluralize(len(self.files), "file")

    @property
    def template(self) -> str:
        return ""

    @property
    def empty(self) -> float | None:
        """Share of the items without a text; None: not known."""
        return None

    @property
    def made(self) -> str:
        """The day of the oldest file."""
        oldest = min((path.stat().st_mtime for path in self.files), default=time.time())
        return time.strftime("%Y-%m-%d", time.localtime(oldest))

    @property
    def bytes(self) -> int:
        return sum(path.stat().st_size for path in self.files)

    @property
    def days(self) -> float:
        """Days since it was last read or written, by the file system."""
        states = [path.stat() for path in self.files]
        latest = max((max(state.st_atime, state.st_mtime) for state in states), default=0.0)
        return (time.time() - latest) / 86400

    @property
    def locks(self) -> list[Path]:
        """Files that a process holds while it writes."""
        return [self.path.with_suffix(".lock")]

    def is_busy(self) -> bool:
        """Whether a process writes to it now."""
        from filelock import FileLock, Timeout

        for lock in self.locks:
            if lock.exists():
                try:
                    with FileLock(lock, timeout=0):
                        continue
                except (Timeout, OSError):
                    return True
        return False

    def damage(self) -> str | None:
        """What is wrong with it, or None."""
        return None

    def remove(self) -> None:
        for path in [*self.files, *self.locks]:
            path.unlink(missing_ok=True)


@dataclass(frozen=True)
class Entry(Stored):
    """One set of features on disk."""

    kind: ClassVar[str] = "features"
    counted: ClassVar[tuple[str, str]] = ("set of features", "sets of features")
    heals: ClassVar[bool] = False
    path: Path  # KEY.safetensors
    card: dict[str, Any]  # empty where the card is missing or unreadable

    @property
    def files(self) -> list[Path]:
        return [self.path]

    @property
    def marks(self) -> set[str]:
        return {self.key, str(self.card.get("sha256", self.key))}

    @property
    def size(self) -> str:
        return " x ".join(map(str, self.card.get("shape", ["?"])))

    @property
    def template(self) -> str:
        return str(self.card.get("identity", {}).get("template", ""))

    @property
    def empty(self) -> float | None:
        return self.card.get("empty")

    @property
    def made(self) -> str:
        return str(self.card.get("made", "no card"))[:10]

    @property
    def source(self) -> str:
        """The encoder of the features, in short."""
        identity = self.card.get("identity", {})
        encoder = identity.get("encoder", identity)
        name = str(encoder.get("class", encoder.get("encoder", "?")))
        details = [str(encoder[part]) for part in ("pooling", "dim", "prompt") if encoder.get(part)]
        weights = str(encoder.get("weights", encoder.get("file", "")))[:8]
        return " ".join([name, *([weights] if weights else []), *details])

    def damage(self) -> str | None:
        """What is wrong with the features, or None: every byte is read and compared with the card's hash."""
        from safetensors import safe_open

        if not self.card:
            return "no readable card"
        try:
            with safe_open(self.path, framework="pt") as opened:
                values = opened.get_tensor("values")
        except Exception as error:  # a broken header raises what it likes
            return f"unreadable: {error}"
        if digest(values) != self.card.get("sha256"):
            return "the bytes are not those that were written"
        bad = int((~torch.isfinite(values).all(1)).sum())
        return f"{pluralize(bad, 'row')} with NaN or infinity" if bad else None

    def remove(self) -> None:
        for suffix in (".safetensors", ".json", ".lock"):
            self.path.with_suffix(suffix).unlink(missing_ok=True)


def entries(folder: Path) -> Iterator[Entry]:
    """All features of a store, by name."""
    for path in sorted(folder.glob("*.safetensors")):
        try:
            card = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            card = {}
        yield Entry(path, card)


def leftovers(folder: Path) -> list[Path]:
    """Files of writers that were killed: partial files older than a day, locks and cards without features."""
    old = [path for path in folder.glob("**/*.partial") if time.time() - path.stat().st_mtime > 86400]
    lone = [
        path
        for suffix in ("*.lock", "*.json")
        for path in folder.glob(suffix)
        if not path.with_suffix(".safetensors").exists() and time.time() - path.stat().st_mtime > 86400
    ]
    return sorted(old + lone)
