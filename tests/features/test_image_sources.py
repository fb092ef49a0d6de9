"""Images by path, by the data set's own list, and as bytes in a Parquet file."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from ltgnn.features import image_sources
from ltgnn.features.image_sources import ImageBytes, ImageSource
from ltgnn.features.pictures import LARGEST_FILE, Unread
from ltgnn.testing import toy
from ltgnn.types import Dataset, UserError
from tests.features.images_case import draw, encoded, files, shop


def read(source: ImageSource, dataset: Dataset, *items: int) -> dict[int, bytes | Unread]:
    source.prepare(dataset, items, Path("nowhere"))
    return dict(source.read(dataset, items, Path("nowhere")))


def test_paths_of_a_column(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"first")
    (tmp_path / "large").mkdir()
    with (tmp_path / "b.png").open("wb") as large:
        large.truncate(LARGEST_FILE + 1)
    places = ["a.png", "", str(tmp_path / "a.png"), "lost.png", "large", "b.png", "a.png/x", "a\0", *[""] * 8]
    assert read(files(tmp_path), shop(places), *range(8)) == {
        0: b"first",
        1: Unread("no image given"),
        2: b"first",
        3: Unread("file not found"),
        4: Unread("file cannot be read"),
        5: Unread("file of more than 50 MB"),
        6: Unread("file not found"),
        7: Unread("file cannot be read"),
    }


def test_images_that_the_data_set_names(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"first")
    dataset = replace(toy.dataset(), images={"i3": tmp_path / "a.png"})
    assert read(files(None, column=None), dataset, 3, 4) == {3: b"first", 4: Unread("no image given")}


def test_a_column_that_is_not_there() -> None:
    with pytest.raises(UserError, match=r"column=photo given, but toy has these item fields: title, category"):
        read(files(None, column="photo"), toy.dataset(), 0)
    with pytest.raises(UserError, match=r"column=null given, but toy has no images of its own and these item fields"):
        read(files(None, column=None), toy.dataset(), 0)


@pytest.mark.parametrize("nested", [False, True])
def test_bytes_in_a_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, nested: bool) -> None:
    """A piece at a time, by id and not by place; whole numbers are ids as well."""
    monkeypatch.setattr(image_sources, "PIECE", 2)
    contents: list[bytes | None] = [encoded(draw(1)), None, b"", encoded(draw(2)), b"of an item that is not there"]
    image = [{"bytes": one, "path": "x.png"} for one in contents] if nested else contents
    pl.DataFrame({"item": [3, 1, 2, 0, 77], "image": image}).write_parquet(
        tmp_path / "images.parquet", row_group_size=2
    )
    dataset = replace(toy.dataset(), item_ids=[str(item) for item in range(toy.ITEMS)])
    found = read(ImageBytes(str(tmp_path / "images.parquet"), "item", "image"), dataset, 3, 0, 1, 2, 9)
    none = Unread("no image given")
    assert found == {3: contents[0], 0: contents[3], 1: none, 2: none, 9: none}


def test_a_table_without_such_columns(tmp_path: Path) -> None:
    path = tmp_path / "images.parquet"
    with pytest.raises(UserError, match="no such file"):
        read(ImageBytes(str(path), "item", "image"), toy.dataset(), 0)
    path.write_text("item,image")
    with pytest.raises(UserError, match=r"images.parquet cannot be read"):
        read(ImageBytes(str(path), "item", "image"), toy.dataset(), 0)
    pl.DataFrame({"item": ["i0"], "image": ["a.png"]}).write_parquet(path)
    with pytest.raises(UserError, match=r"features.source.ids=id is not a column of .* \(item, image\)"):
        read(ImageBytes(str(path), "id", "image"), toy.dataset(), 0)
    with pytest.raises(UserError, match="has the type String; wanted bytes"):
        read(ImageBytes(str(path), "item", "image"), toy.dataset(), 0)
