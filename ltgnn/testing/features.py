"""The laws of item features (``ltgnn.features.item_features.FeatureSource``)."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor

from ltgnn.features.item_features import FeatureSource
from ltgnn.testing import toy
from ltgnn.types import Dataset, Features


class FeaturesCase:
    """Give ``make``. The data set has titles, prices and vectors; override ``dataset`` for others."""

    def make(self, folder: Path) -> FeatureSource:
        """The features under test; what is kept of them goes below ``folder``."""
        raise NotImplementedError

    def dataset(self, seed: int = 5) -> Dataset:
        """The data set; with another seed another one in all that the features read."""
        return toy.dataset(seed)

    def counts(self) -> Tensor:
        """Train interactions of each item.  [I]"""
        return toy.interactions().item_counts

    def features(self, folder: Path, dataset: Dataset | None = None) -> Features:
        """What ``make`` gives for a data set, by default the toy shop."""
        source = self.make(folder)
        assert isinstance(source, FeatureSource), f"{type(source).__name__} is not derived from FeatureSource"
        found = source(self.dataset() if dataset is None else dataset, self.counts())
        assert found is not None, "the data set of the case has nothing that these features read"
        return found

    def test_a_finite_row_for_each_item(self, tmp_path: Path) -> None:
        values = self.features(tmp_path).values
        assert values.dtype == torch.float32, f"float32 wanted, {values.dtype} given"
        assert values.dim() == 2, f"[I, D] wanted, shape {tuple(values.shape)} given"
        assert values.shape[0] == toy.ITEMS, f"a row for each of {toy.ITEMS} items wanted, {values.shape[0]} given"
        assert values.shape[1] > 0, "no columns"
        assert bool(values.isfinite().all()), "the features are not finite"
        assert bool((values != values[0]).any()), "all items have the same features"

    def test_the_same_twice_kept_or_made_anew(self, tmp_path: Path) -> None:
        first = self.features(tmp_path / "one")
        for what, folder in (("from the store", tmp_path / "one"), ("made anew", tmp_path / "two")):
            again = self.features(folder)
            assert torch.equal(again.values, first.values), f"{what}: other features"
            assert again.card["key"] == first.card["key"], f"{what}: another key"

    def test_the_card_has_plain_values_and_a_key(self, tmp_path: Path) -> None:
        card = dict(self.features(tmp_path).card)
        assert isinstance(card.get("key"), str), f"card['key'] wanted, {sorted(card)} given"
        assert card["key"], "card['key'] is empty"
        assert json.loads(json.dumps(card)) == card, f"a card that JSON can hold wanted, {card} given"

    def test_other_data_have_another_key(self, tmp_path: Path) -> None:
        first, other = self.features(tmp_path), self.features(tmp_path, self.dataset(seed=6))
        assert not torch.equal(first.values, other.values), "other data give the same features"
        assert first.card["key"] != other.card["key"], "other features have the same key"

    def test_who_took_what_says_nothing_of_an_item(self, tmp_path: Path) -> None:
        """Counts say on which items to fit: twice as many interactions, or other parts of the data, change nothing."""
        dataset = replace(self.dataset(), parts={"all": toy.held_out()})
        found = self.make(tmp_path / "other")(dataset, 2 * self.counts())
        assert found is not None
        assert torch.equal(found.values, self.features(tmp_path / "first").values), "the features read interactions"
