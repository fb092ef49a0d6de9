"""What a feature store keeps besides features: vectors of single images, images from the web, descriptions."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from ltgnn.features.describing.description_store import DescriptionStore
from ltgnn.features.encoded_parts import EncodedParts
from ltgnn.features.image_download import FAILED, IMAGE
from ltgnn.features.store_listing import Entry, Stored, entries
from ltgnn.features.store_use import DOWNLOADS, descriptions_mark, images_mark
from ltgnn.io.pluralize import pluralize


@dataclass(frozen=True)
class EncodedImages(Stored):
    """The vectors that one vision model made of single images, for features that are made anew."""

    kind: ClassVar[str] = "encoded images"
    counted: ClassVar[tuple[str, str]] = ("folder of encoded images", "folders of encoded images")
    path: Path  # the folder of an encoder

    @property
    def files(self) -> list[Path]:
        return sorted(self.path.glob("*.safetensors"))

    @property
    def marks(self) -> set[str]:
        return {images_mark(self.path.name)}

    @property
    def source(self) -> str:
        return "vectors of single images by one model"

    @property
    def locks(self) -> list[Path]:
        return []

    def damage(self) -> str | None:
        """Parts that are not as they were written; all of them are read."""
        lost = len(self.files) - sum(1 for _ in EncodedParts(self.path).read())
        return f"{pluralize(lost, 'damaged part')} of {len(self.files)}" if lost else None

    def remove(self) -> None:
        super().remove()
        if not any(self.path.iterdir()):
            self.path.rmdir()


@dataclass(frozen=True)
class DownloadedImages(Stored):
    """The images that were fetched from the web, and which could not be."""

    kind: ClassVar[str] = "downloads"
    counted: ClassVar[tuple[str, str]] = ("folder of downloads", "folders of downloads")
    path: Path

    @property
    def files(self) -> list[Path]:
        return sorted(path for ending in (IMAGE, FAILED) for path in self.path.glob(f"*{ending}"))

    @property
    def marks(self) -> set[str]:
        return {DOWNLOADS}

    @property
    def size(self) -> str:
        failed = sum(path.suffix == FAILED for path in self.files)
        return f"{pluralize(len(self.files) - failed, 'image')}, {failed:,} failed"

    @property
    def source(self) -> str:
        return "images from the web"

    @property
    def locks(self) -> list[Path]:
        return []


@dataclass(frozen=True)
class StoredDescriptions(Stored):
    """What one language model wrote by one prompt."""

    kind: ClassVar[str] = "descriptions"
    counted: ClassVar[tuple[str, str]] = ("file of descriptions", "files of descriptions")
    path: Path  # KEY.jsonl
    identity: dict[str, Any]  # of model and prompt; empty where the first line cannot be read

    @property
    def files(self) -> list[Path]:
        return [self.path]

    @property
    def marks(self) -> set[str]:
        return {descriptions_mark(self.key)}

    @property
    def size(self) -> str:
        with self.path.open("rb") as opened:
            return pluralize(max(0, sum(1 for _ in opened) - 1), "text")

    @property
    def source(self) -> str:
        writer = self.identity.get("writer", {})
        words = [str(writer.get(name)) for name in ("class", "model") if writer.get(name)]
        return " ".join(words) or "unknown language model"

    @property
    def template(self) -> str:
        """How the prompt begins."""
        prompt = " ".join(str(self.identity.get("prompt", "")).split())
        return prompt if len(prompt) <= 40 else f"{prompt[:39]}…"

    def damage(self) -> str | None:
        """Lines that are not as they were written."""
        if not self.identity:
            return "no readable first line"
        store = DescriptionStore(self.path.parent)
        if store.path(self.identity) != self.path:
            return "its first line is that of another file"
        lines = len([line for line in self.path.read_bytes().split(b"\n")[1:] if line])
        lost = lines - store.whole_lines(self.identity)
        return f"{pluralize(lost, 'damaged line')} of {lines}" if lost else None


def find_stored(folder: Path) -> list[Stored]:
    """All that is kept for the store in ``folder``: features first, then images, then descriptions.

    Descriptions stand beside the store, in ``descriptions``, where it is the ``text`` of LTGNN_CACHE.
    """
    found: list[Stored] = [*entries(folder)]
    found += [EncodedImages(path) for path in sorted(folder.glob("images/*")) if path.is_dir()]
    downloads = DownloadedImages(folder / "downloads")
    found += [downloads] if downloads.files else []
    return [
        *found,
        *find_descriptions(folder.parent / "descriptions" if folder.name == "text" else folder / "descriptions"),
    ]


def find_descriptions(folder: Path) -> Iterator[StoredDescriptions]:
    """The files of descriptions in a folder, by name."""
    for path in sorted(folder.glob("*.jsonl")):
        with path.open("rb") as opened:
            first = opened.readline()
        try:
            identity = json.loads(first)["identity"]
        except (ValueError, KeyError, TypeError):
            identity = {}
        yield StoredDescriptions(path, identity if isinstance(identity, dict) else {})


def in_words(found: Sequence[Stored]) -> str:
    """How many of each kind: ``2 sets of features, 1 file of descriptions``."""
    kinds = list(dict.fromkeys(entry.counted for entry in found)) or [Entry.counted]
    return ", ".join(pluralize(sum(entry.counted == names for entry in found), *names) for names in kinds)
