"""Entries of a feature store: list, check, clear."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from ltgnn.features.store import digest
from ltgnn.io.pluralize import pluralize


@dataclass(frozen=True)
class Entry:
    """One set of features on disk."""

    path: Path  # KEY.safetensors
    card: dict[str, Any]  # empty where the card is missing or unreadable

    @property
    def key(self) -> str:
        return self.path.stem

    @property
    def bytes(self) -> int:
        return self.path.stat().st_size

    @property
    def days(self) -> float:
        """Days since the features were last read or written, by the file system."""
        state = self.path.stat()
        return (time.time() - max(state.st_atime, state.st_mtime)) / 86400

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
    old = [path for path in folder.glob("*.partial") if time.time() - path.stat().st_mtime > 86400]
    lone = [
        path
        for suffix in ("*.lock", "*.json")
        for path in folder.glob(suffix)
        if not path.with_suffix(".safetensors").exists() and time.time() - path.stat().st_mtime > 86400
    ]
    return sorted(old + lone)
