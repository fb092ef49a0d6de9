"""Images and categories of items that came after training, as the run would have made them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from ltgnn.features.controls import Shuffled
from ltgnn.features.item_categories import ItemCategories
from ltgnn.features.item_features import JoinedFeatures
from ltgnn.features.item_images import ItemImages
from ltgnn.features.new_items import encode_new_items
from ltgnn.features.store import FeatureStore
from ltgnn.features.transform import Centre, Keep
from ltgnn.features.vision import Vision
from ltgnn.testing import toy
from ltgnn.types import Dataset, UserError
from tests.features.images_case import draw, draw_all, encoded, files, shop

COUNTS = toy.interactions().item_counts


def longer(dataset: Dataset, **fields: list[str]) -> Dataset:
    """Further items, with these values of their fields."""
    (more,) = {len(values) for values in fields.values()}
    columns = {name: [*dataset.item_fields[name], *values] for name, values in fields.items()}
    return replace(dataset, item_ids=[*dataset.item_ids, *(f"n{item}" for item in range(more))], item_fields=columns)


def test_categories_keep_their_columns() -> None:
    brands = ["a", "b", *["c"] * 14]
    dataset = replace(toy.dataset(), item_fields={"brand": brands})
    grown = longer(dataset, brand=["b", "d", ""])
    named = ItemCategories(["brand"], None, 3, 4, Keep(), Centre())
    features = named(dataset, COUNTS)
    mean = torch.eye(3)[[0, 1, *[2] * 14]][COUNTS > 0].mean(0)
    found = encode_new_items(named, features, dataset, COUNTS, grown)
    torch.testing.assert_close(found, torch.stack([torch.tensor([0.0, 1.0, 0.0]) - mean, *torch.zeros(2, 3)]))
    hashed = ItemCategories(["brand"], None, 2, 4, Keep(), Keep())
    wanted = hashed.raw(grown).values[16:]
    assert wanted[1].any(), "a new value is where its hash says"
    assert torch.equal(encode_new_items(hashed, hashed(dataset, COUNTS), dataset, COUNTS, grown), wanted)


def test_images_of_new_items(vision: Callable[..., Vision], tmp_path: Path) -> None:
    """In features of two kinds, centred as the others."""
    dataset = shop(draw_all(tmp_path / "images"))
    (tmp_path / "images" / "new.png").write_bytes(encoded(draw(77)))
    grown = longer(dataset, image=["new.png", "lost.png", "0.png"], title=["", "", ""], category=["river", "", ""])
    store = FeatureStore(tmp_path / "store")
    images = ItemImages(files(tmp_path / "images"), vision(), store, Keep(), Centre())
    source = JoinedFeatures({"images": images, "genre": ItemCategories(["category"], None, 9, 4, Keep(), Keep())})
    features = source(dataset, COUNTS)
    assert features is not None
    found = encode_new_items(source, features, dataset, COUNTS, grown)
    raw = images.raw(grown).values
    columns = features.blocks["images"].columns
    torch.testing.assert_close(found[0, columns], raw[16] - raw[:16][COUNTS > 0].mean(0))
    assert not found[1].any()
    torch.testing.assert_close(found[2, columns], features.values[0, columns])
    river = dataset.item_fields["category"].index("river")
    assert torch.equal(*(rows[features.blocks["genre"].columns] for rows in (found[0], features.values[river])))


def test_a_control_of_all_items_knows_no_new_one(vision: Callable[..., Vision], tmp_path: Path) -> None:
    dataset = shop(draw_all(tmp_path / "images"))
    grown = longer(dataset, image=["0.png"])
    images = ItemImages(files(tmp_path / "images"), vision(), FeatureStore(tmp_path), Shuffled(0), Keep())
    with pytest.raises(UserError, match="Shuffled is fit"):
        encode_new_items(images, images(dataset, COUNTS), dataset, COUNTS, grown)
