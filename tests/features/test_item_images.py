"""Images as item features: by content, resumed where they stopped, with a reason for each item that has none."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor

from ltgnn.features import item_images
from ltgnn.features.controls import Random, Shuffled
from ltgnn.features.item_images import ItemImages
from ltgnn.features.pictures import decode
from ltgnn.features.store import FeatureStore
from ltgnn.features.transform import Centre, Keep, Step
from ltgnn.features.vision import Vision
from ltgnn.testing import toy
from ltgnn.testing.features import FeaturesCase
from ltgnn.types import Dataset, UserError
from tests.features.images_case import draw, draw_all, encoded, files, png_header, shop

COUNTS = toy.interactions().item_counts
BROKEN = {3: "file not found", 5: "damaged image", 7: "more than 1 megapixels", 9: "no image given"}


@pytest.fixture
def source(vision: Callable[..., Vision], tmp_path: Path) -> Callable[..., ItemImages]:
    """Features of the images in ``tmp_path / "images"``."""

    def make(control: Step | None = None, transform: Step | None = None, **changes: object) -> ItemImages:
        store = FeatureStore(tmp_path / "store")
        return ItemImages(files(tmp_path / "images"), vision(**changes), store, control or Keep(), transform or Keep())

    return make


@pytest.fixture
def damaged(tmp_path: Path) -> Dataset:
    """A data set with an image of each item but those of ``BROKEN``; items 0 and 1 have the same."""
    places = draw_all(tmp_path / "images")
    (tmp_path / "images" / "1.png").write_bytes((tmp_path / "images" / "0.png").read_bytes())
    (tmp_path / "images" / "3.png").unlink()
    (tmp_path / "images" / "5.png").write_bytes(encoded(draw(5))[:-300])
    (tmp_path / "images" / "7.png").write_bytes(png_header(10_000, 10_000))
    places[9] = ""
    return shop(places)


def one_by_one(encoder: Vision, folder: Path) -> Tensor:
    """The vector of each image on its own, 0 where there is none."""
    prepare, encode = encoder.load()
    rows = torch.zeros(toy.ITEMS, 8)
    for item in set(range(toy.ITEMS)) - set(BROKEN):
        pixels = prepare(decode((folder / f"{item}.png").read_bytes(), 10**6))  # type: ignore[arg-type]
        rows[item] = encode([pixels])[0]  # type: ignore[list-item]
    return rows


def test_each_item_has_the_vector_of_its_image(
    source: Callable[..., ItemImages], damaged: Dataset, tmp_path: Path, vision: Callable[..., Vision]
) -> None:
    features = source()(damaged, COUNTS)
    torch.testing.assert_close(features.values, one_by_one(vision(), tmp_path / "images"), rtol=1e-4, atol=1e-5)
    known = features.blocks["images"].known
    assert set(torch.nonzero(~known).flatten().tolist()) == set(BROKEN)
    card = features.card["images"]
    assert (card["items"], card["distinct"]) == (12, 11)
    assert card["missing"] == {
        reason: {"items": 1, "such as": [f"i{item}"]} for item, reason in sorted(BROKEN.items(), key=lambda one: one[1])
    }
    again = source()(damaged, COUNTS)
    assert torch.equal(again.values, features.values)
    assert again.card["images"] == card, "found in the store, it says the same"
    renamed = replace(damaged, item_ids=[f"new{item}" for item in range(toy.ITEMS)])
    assert source()(renamed, COUNTS).card["images"]["missing"]["damaged image"]["such as"] == ["new5"]


def test_a_stopped_encoding_goes_on(
    source: Callable[..., ItemImages], damaged: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(item_images, "PART", 4)
    seen: list[int] = []
    load = Vision.load

    def stopping(after: int) -> None:
        def loading(encoder: Vision) -> object:
            prepare, encode = load(encoder)

            def counted(pixels: list[Tensor]) -> Tensor:
                if len(seen) == after:
                    raise KeyboardInterrupt
                seen.append(len(pixels))
                return encode(pixels)

            return prepare, counted

        monkeypatch.setattr(Vision, "load", loading)

    stopping(after=2)
    with pytest.raises(KeyboardInterrupt):
        source()(damaged, COUNTS)
    assert seen == [4, 4]
    stopping(after=99)
    features = source()(damaged, COUNTS)
    assert seen == [4, 4, 3], "11 different images"
    assert int(features.blocks["images"].known.sum()) == 12


def test_a_new_image_encodes_no_old_one(
    source: Callable[..., ItemImages], damaged: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = source()(damaged, COUNTS)
    (tmp_path / "images" / "3.png").write_bytes(encoded(draw(33)))
    decoded = []
    monkeypatch.setattr(item_images, "decode", lambda content, most: decoded.append(content) or decode(content, most))
    after = source()(damaged, COUNTS)
    assert len(decoded) == 3, "the new one and the two that cannot be decoded"
    same = [item for item in range(toy.ITEMS) if item != 3]
    assert torch.equal(after.values[same], before.values[same])
    assert after.values[3].any()
    assert after.card["key"] != before.card["key"]


@pytest.mark.parametrize("control", [Shuffled(0), Random(0), Keep()])
@pytest.mark.parametrize("transform", [Centre(), Keep()])
def test_an_item_without_an_image_stays_without(
    source: Callable[..., ItemImages], damaged: Dataset, control: Step, transform: Step
) -> None:
    """Controls and transforms see the rows of the others alone."""
    raw, features = source()(damaged, COUNTS), source(control, transform)(damaged, COUNTS)
    known = raw.blocks["images"].known
    assert torch.equal(features.blocks["images"].known, known)
    assert not features.values[~known].any()
    wanted = transform(control(raw.values[known], COUNTS[known] > 0), COUNTS[known] > 0)
    assert torch.equal(features.values[known], wanted)
    if isinstance(control, Shuffled) and isinstance(transform, Keep):
        rows = features.values[known]
        assert sorted(rows.tolist()) == sorted(raw.values[known].tolist())
        assert (rows != raw.values[known]).any(1).sum() >= len(rows) - 1, "items 0 and 1 have one image"


def test_nothing_to_read_is_a_mistake(source: Callable[..., ItemImages], tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"no image of toy can be read: 16 items, 0 images. Set features.source"):
        source()(shop([""] * toy.ITEMS), COUNTS)
    draw_all(tmp_path / "images")
    (tmp_path / "images" / "1.png").write_bytes(b"broken")
    with pytest.raises(UserError, match=r"can be read: 16 items, 1 image \(no image that Pillow knows\)"):
        source()(shop(["1.png", *[""] * (toy.ITEMS - 1)]), COUNTS)
    cold = ["" if item != toy.COLD else "0.png" for item in range(toy.ITEMS)]
    with pytest.raises(UserError, match=r"no item of toy with a train interaction has an image .*given: 15 items"):
        source()(shop(cold), COUNTS)


class TestImages(FeaturesCase):
    @pytest.fixture(autouse=True)
    def _models(self, vision: Callable[..., Vision], tmp_path: Path) -> None:
        self.vision, self.images = vision, tmp_path / "images"

    def make(self, folder: Path) -> ItemImages:
        return ItemImages(files(self.images), self.vision(), FeatureStore(folder), Keep(), Centre())

    def dataset(self, seed: int = 5) -> Dataset:
        return shop([f"{seed}/{name}" for name in draw_all(self.images / str(seed), seed)], seed)
