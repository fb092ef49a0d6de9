"""The base of a part of one's own: what it need not say."""

from __future__ import annotations

import torch
from torch import Tensor

from ltgnn.features.feature_source import FeatureSource
from ltgnn.types import Dataset, Features


class Ones(FeatureSource):
    """One number an item."""

    def __call__(self, dataset: Dataset, counts: Tensor) -> Features:
        return Features(torch.ones(dataset.num_items, 1), {})


def test_one_that_reads_no_text_and_no_fields() -> None:
    source = Ones()
    made = Features(torch.ones(3, 1), {})
    assert source.gives_features
    assert (source.item_text, list(source.fields), source.text_columns(made)) == (None, [], None)
