"""Categories as columns, by hand."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from ltgnn.features.controls import Shuffled
from ltgnn.features.item_categories import ItemCategories
from ltgnn.features.transform import Centre, Keep, UnitLength
from ltgnn.testing import toy
from ltgnn.testing.features import FeaturesCase
from ltgnn.types import Dataset, UserError

COUNTS = toy.interactions().item_counts
BRANDS = ["acme", "", " acme ", "bolt", *["core"] * 12]
GENRES = ["b|a|b", "", "a", "", *["a| |b"] * 12]


def dataset(**fields: list[str]) -> Dataset:
    return replace(toy.dataset(), item_fields={"brand": BRANDS, "genre": GENRES, "empty": [""] * 16, **fields})


def source(*fields: str, **changes: Any) -> ItemCategories:
    options = {"separator": None, "most_values": 10, "buckets": 4, "control": Keep(), "transform": Keep(), **changes}
    return ItemCategories(list(fields), **options)


def test_a_column_for_each_value() -> None:
    features = source("brand", "genre", separator="|")(dataset(), COUNTS)
    assert features.values[:5].tolist() == [
        [1, 0, 0, 1, 1],
        [0, 0, 0, 0, 0],
        [1, 0, 0, 1, 0],
        [0, 1, 0, 0, 0],
        [0, 0, 1, 1, 1],
    ]
    assert torch.equal(features.blocks["categories"].known, torch.tensor([True, False, *[True] * 14]))
    assert features.card["fields"]["brand"] == {
        "values": 3,
        "columns": 3,
        "hashed": False,
        "missing": 1,
        "most frequent": {"core": 12, "acme": 2, "bolt": 1},
    }
    assert features.card["fields"]["genre"]["missing"] == 2


def test_many_values_share_few_columns() -> None:
    """A value is where its hash says, whatever else there is."""
    features = source("brand", most_values=2, buckets=5)(dataset(), COUNTS)
    assert features.values.shape == (16, 5)
    for item, brand in enumerate(BRANDS):
        wanted = torch.zeros(5)
        if brand:
            wanted[int(hashlib.sha256(brand.strip().encode()).hexdigest(), 16) % 5] = 1
        assert torch.equal(features.values[item], wanted)
    assert features.card["fields"]["brand"]["hashed"]


def test_an_item_without_a_category_stays_zero() -> None:
    centred = source("brand", transform=Centre())(dataset(), COUNTS).values
    raw = source("brand")(dataset(), COUNTS).values
    fit = (COUNTS > 0) & raw.any(1)
    torch.testing.assert_close(centred[[0, 3]], raw[[0, 3]] - raw[fit].mean(0))
    assert not centred[1].any()
    shuffled = source("brand", control=Shuffled(0))(dataset(), COUNTS).values
    assert torch.equal(shuffled.any(1), raw.any(1))
    assert torch.equal(shuffled.sum(0), raw.sum(0))
    assert not torch.equal(shuffled, raw)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        (["colour"], r"fields=\[colour\] given, but the item fields of toy are: brand, genre, empty"),
        ([], r"fields=\[\] given"),
        (["empty"], "the fields empty of toy are empty for all items"),
    ],
)
def test_fields_that_are_not_there(fields: list[str], message: str) -> None:
    with pytest.raises(UserError, match=message):
        source(*fields)(dataset(), COUNTS)


class TestCategories(FeaturesCase):
    def make(self, folder: Path) -> ItemCategories:
        return source("title", "category", separator=" ", most_values=4, transform=UnitLength())
