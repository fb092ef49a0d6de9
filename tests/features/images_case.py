"""Pictures drawn on the spot, and a data set whose items have them."""

from __future__ import annotations

import io
import struct
import zlib
from dataclasses import replace
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw

from ltgnn.features.image_sources import ImageFiles
from ltgnn.testing import toy
from ltgnn.types import Dataset


def draw(seed: int, size: tuple[int, int] = (60, 44)) -> Image.Image:
    """Shapes in colours that the seed decides."""
    picture = Image.new("RGB", size, (40 * seed % 256, 90, 255 - 30 * seed % 256))
    pen = ImageDraw.Draw(picture)
    pen.ellipse((5 + seed % 7, 4, 30 + seed % 9, 30), fill=(200, 25 * seed % 256, 10))
    pen.line((0, seed % 40, size[0], size[1] - seed % 20), fill="white", width=3)
    return picture


def encoded(picture: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    """The bytes of the file."""
    out = io.BytesIO()
    picture.save(out, kind, **options)
    return out.getvalue()


def png_header(width: int, height: int) -> bytes:
    """A PNG of such a size as its header says, without pixels: a bomb costs nothing to send."""
    content = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    data = b"IDAT" + zlib.compress(b"")
    chunks = b"".join(struct.pack(">I", len(c) - 4) + c + struct.pack(">I", zlib.crc32(c)) for c in (content, data))
    return b"\x89PNG\r\n\x1a\n" + chunks


def shop(places: list[str], seed: int = 5) -> Dataset:
    """The toy data set with a path or an address of each item's image in the field ``image``."""
    dataset = toy.dataset(seed)
    return replace(dataset, item_fields={**dataset.item_fields, "image": places})


def draw_all(folder: Path, seed: int = 0) -> list[str]:
    """A picture of each item of the toy data set, in ``folder``; the names of the files."""
    folder.mkdir(parents=True, exist_ok=True)
    for item in range(toy.ITEMS):
        (folder / f"{item}.png").write_bytes(encoded(draw(item + seed)))
    return [f"{item}.png" for item in range(toy.ITEMS)]


def files(folder: Path | None, download: bool = False, column: str | None = "image") -> ImageFiles:
    return ImageFiles(column, None if folder is None else str(folder), download, workers=2, timeout=5.0)
