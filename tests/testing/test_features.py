"""The case of item features on shipped ones, and on one of one's own."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor

from ltgnn.features.dataset_vectors import DatasetVectors
from ltgnn.features.item_features import FeatureSource, ItemNumbers, ItemText, JoinedFeatures
from ltgnn.features.store import FeatureStore, key_of
from ltgnn.features.tfidf import TfidfSvd
from ltgnn.features.transform import Centre, Keep
from ltgnn.testing.features import FeaturesCase
from ltgnn.types import Dataset, Features


def tfidf(folder: Path) -> ItemText:
    encoder = TfidfSvd(dim=4, ngrams=1, min_df=2, max_words=None, seed=0)
    return ItemText(encoder, "{title}", FeatureStore(folder), Keep(), Centre())


class TestTfidf(FeaturesCase):
    def make(self, folder: Path) -> FeatureSource:
        return tfidf(folder)


class TestNumbers(FeaturesCase):
    def make(self, folder: Path) -> FeatureSource:
        return ItemNumbers(None, FeatureStore(folder), Keep(), Keep())


class TestVectorsOfTheData(FeaturesCase):
    def make(self, folder: Path) -> FeatureSource:
        return DatasetVectors(["image"], Keep(), Centre())


class TestJoined(FeaturesCase):
    def make(self, folder: Path) -> FeatureSource:
        numbers = ItemNumbers(["price"], FeatureStore(folder), Keep(), Keep())
        return JoinedFeatures({"text": tfidf(folder), "numbers": numbers})


class Lengths(FeatureSource):
    """Features of one's own: how long title and category are."""

    def __call__(self, dataset: Dataset, counts: Tensor) -> Features:
        fields = [dataset.item_fields[name] for name in ("title", "category")]
        values = torch.tensor([[float(len(text)) for text in row] for row in zip(*fields, strict=True)])
        return Features(values, {"key": key_of({"class": "Lengths"}, [text for field in fields for text in field])})


class TestOnesOwn(FeaturesCase):
    def make(self, folder: Path) -> FeatureSource:
        return Lengths()
