"""Kinds of features: columns, items that lack a kind, weights by name."""

from __future__ import annotations

import pytest
import torch

from ltgnn.tensors.feature_kinds import FeatureKinds
from ltgnn.types import Block, UserError

FEATURES = torch.arange(1.0, 16.0).view(3, 5)
BLOCKS = {
    "text": Block(slice(0, 3), torch.tensor([True, True, True])),
    "images": Block(slice(3, 5), torch.tensor([True, False, True])),
}


def test_columns_of_each_kind_and_zeros_where_an_item_lacks_it() -> None:
    found = FeatureKinds({}).with_blocks(BLOCKS).split(FEATURES)
    assert list(found) == ["text", "images"]
    assert torch.equal(found["text"], FEATURES[:, :3])
    assert found["images"].tolist() == [[4, 5], [0, 0], [14, 15]]


def test_without_blocks_all_columns_are_one_kind() -> None:
    features = FEATURES.clone()
    features[1] = 0
    ((name, block),) = FeatureKinds({}).blocks_of(features).items()
    assert (name, block.columns, block.known.tolist()) == ("features", slice(0, 5), [True, False, True])
    assert torch.equal(FeatureKinds({}).split(features)["features"], features)


def test_weights_and_shares() -> None:
    kinds = FeatureKinds({"images": 1, "text": 3}).with_blocks(BLOCKS)
    assert kinds.weights_of(BLOCKS) == {"text": 3.0, "images": 1.0}
    assert kinds.shares_of(BLOCKS) == {"text": 0.75, "images": 0.25}
    assert FeatureKinds({}).shares_of(BLOCKS) == {"text": 0.5, "images": 0.5}


def test_wrong_weights_are_refused() -> None:
    with pytest.raises(UserError, match=r"'text': 1.* a weight for each of text, images wanted"):
        FeatureKinds({"text": 1}).with_blocks(BLOCKS).split(FEATURES)
    with pytest.raises(UserError, match=r"'text': -1.*at least 0"):
        FeatureKinds({"text": -1})
    with pytest.raises(UserError, match="one above 0 wanted"):
        FeatureKinds({"text": 0, "images": 0}).shares_of(BLOCKS)
