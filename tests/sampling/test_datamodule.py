"""Loaders of a training: batches of pairs, and the names of the parts that are monitored."""

from __future__ import annotations

from ltgnn.sampling.batches import PairBatches
from ltgnn.sampling.datamodule import RecommendationData
from ltgnn.testing import toy


def test_loaders() -> None:
    data = RecommendationData(toy.interactions(), 4, "edges", 0, ["val"])
    assert isinstance(data.train_dataloader(), PairBatches)
    assert list(data.val_dataloader()) == ["val"]
