"""Bytes become pictures in RGB, or a reason; nothing huge is decoded."""

from __future__ import annotations

import sys
import tracemalloc

import numpy as np
import pytest
from PIL import Image

from ltgnn.features.pictures import Unread, decode, need_pillow
from ltgnn.types import UserError
from tests.features.images_case import draw, encoded, png_header

MOST = 10_000


def pixels(content: bytes) -> np.ndarray:
    picture = decode(content, MOST)
    assert isinstance(picture, Image.Image), picture
    assert picture.mode == "RGB"
    return np.asarray(picture)


def test_what_was_drawn_is_read() -> None:
    np.testing.assert_array_equal(pixels(encoded(draw(1))), np.asarray(draw(1)))
    np.testing.assert_array_equal(pixels(encoded(draw(1), "WEBP", lossless=True)), np.asarray(draw(1)))


def test_transparent_parts_are_white() -> None:
    clear = Image.new("RGBA", (2, 1), (10, 20, 30, 255))
    clear.putpixel((1, 0), (10, 20, 30, 0))
    np.testing.assert_array_equal(pixels(encoded(clear)), [[[10, 20, 30], [255, 255, 255]]])
    palette = Image.new("P", (2, 1), 0)
    palette.putpalette([10, 20, 30, 40, 50, 60])
    palette.putpixel((1, 0), 1)
    np.testing.assert_array_equal(pixels(encoded(palette, transparency=1)), [[[10, 20, 30], [255, 255, 255]]])


def test_photos_are_upright() -> None:
    turned = Image.new("RGB", (2, 1), "red")
    turned.putpixel((1, 0), (0, 0, 255))
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by 90 degrees clockwise
    np.testing.assert_array_equal(pixels(encoded(turned, exif=exif)), [[[255, 0, 0]], [[0, 0, 255]]])


def test_grey_and_the_first_frame_of_several() -> None:
    np.testing.assert_array_equal(pixels(encoded(Image.new("L", (1, 1), 7))), [[[7, 7, 7]]])
    frames = [Image.new("RGB", (1, 1), colour) for colour in ("red", "blue")]
    moving = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])
    np.testing.assert_array_equal(pixels(moving), [[[255, 0, 0]]])


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "no image that Pillow knows"),
        (b"<html>not found</html>", "no image that Pillow knows"),
        (encoded(draw(1))[:-200], "damaged image"),
        (encoded(draw(1), "JPEG")[:300], "damaged image"),
        (png_header(10, 10), "damaged image"),
        (png_header(12_000, 9_000), "more than 0.01 megapixels"),  # warned of by Pillow, here 108 megapixels
        (png_header(100_000, 100_000), "more than 0.01 megapixels"),  # refused by Pillow
        (encoded(Image.new("RGB", (101, 1))), "narrower than 1 to 100"),
    ],
)
def test_what_is_no_picture_has_a_reason(content: bytes, reason: str) -> None:
    assert decode(content, MOST) == Unread(reason)


@pytest.mark.filterwarnings("error")
def test_the_pixels_of_a_large_image_are_never_in_memory() -> None:
    huge = encoded(Image.new("L", (12_000, 9_000)))  # 108 megapixels in some kilobytes
    tracemalloc.start()
    assert decode(huge, 50_000_000) == Unread("more than 50 megapixels")
    assert tracemalloc.get_traced_memory()[1] < 3_000_000
    tracemalloc.stop()


def test_without_pillow_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    need_pillow()
    monkeypatch.setitem(sys.modules, "PIL", None)
    monkeypatch.setitem(sys.modules, "PIL.Image", None)
    with pytest.raises(UserError, match=r"pip install 'ltgnn\[images\]'"):
        need_pillow()
