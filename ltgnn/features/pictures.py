"""The bytes of a file as a picture in memory: bounded in size, upright, on white; or why that cannot be."""

from __future__ import annotations

import io
import warnings
from typing import TYPE_CHECKING, NamedTuple

from ltgnn.types import UserError

if TYPE_CHECKING:
    from PIL.Image import Image

LARGEST_FILE = 50_000_000
"""Bytes of an image file beyond which it is not read."""


NARROWEST = 100
"""Ratio of the sides of an image beyond which it is left out: scaled by its shorter side it could be of any size."""


class Unread(NamedTuple):
    """Why an item has no picture."""

    reason: str


NONE = Unread("no image given")
NOT_FOUND = Unread("file not found")
LARGE_FILE = Unread(f"file of more than {LARGEST_FILE // 1_000_000} MB")


def need_pillow() -> None:
    """``UserError`` where Pillow is not installed, before anything is read or fetched."""
    try:
        import PIL.Image
    except ImportError:
        raise UserError("features of images need the package Pillow: pip install 'ltgnn[images]'") from None
    assert PIL.Image is not None


def decode(content: bytes, max_pixels: int) -> Image | Unread:
    """The first frame in RGB, turned as its EXIF data say, transparent parts on white.

    Width and height stand before the pixels: an image of more than ``max_pixels`` is refused before these are read.
    """
    from PIL import Image, ImageOps, UnidentifiedImageError

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # max_pixels decides
            with Image.open(io.BytesIO(content)) as opened:
                if opened.width * opened.height > max_pixels:
                    return Unread(f"more than {max_pixels / 1e6:g} megapixels")
                if max(opened.size) > NARROWEST * min(opened.size):
                    return Unread(f"narrower than 1 to {NARROWEST}")
                opened.load()
                upright = ImageOps.exif_transpose(opened)
                if upright.mode in ("RGBA", "LA", "PA") or "transparency" in upright.info:
                    clear = upright.convert("RGBA")
                    white = Image.new("RGBA", clear.size, "white")
                    return Image.alpha_composite(white, clear).convert("RGB")
                return upright.convert("RGB")
    except Image.DecompressionBombError:  # twice the limit of Pillow itself
        return Unread(f"more than {max_pixels / 1e6:g} megapixels")
    except UnidentifiedImageError:
        return Unread("no image that Pillow knows")
    except Exception:  # each format has its own errors for a damaged file
        return Unread("damaged image")
