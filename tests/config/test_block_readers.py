"""Who is told the blocks of the features: parts inside partials, mappings and parts that tell their own."""

from __future__ import annotations

from functools import partial

import torch

from ltgnn.config.block_readers import tell_blocks
from ltgnn.tensors.feature_kinds import FeatureKinds
from ltgnn.types import Block, Features

BLOCKS = {"text": Block(slice(0, 2), torch.tensor([True]))}
FEATURES = Features(torch.ones(1, 2), {}, BLOCKS)


def test_inside_partials_and_mappings() -> None:
    other = object()
    part = partial(dict, edges={"kinds": FeatureKinds({})}, other=other)
    made = tell_blocks(part, FEATURES)()
    assert made["edges"]["kinds"].blocks == BLOCKS
    assert made["other"] is other
    assert part()["edges"]["kinds"].blocks == {}


def test_parts_without_readers_stay_as_they_are() -> None:
    part = partial(dict, inner={"a": 1}, number=2)
    assert tell_blocks(part, FEATURES) is part
    kinds = FeatureKinds({})
    assert tell_blocks(kinds, None) is kinds
    assert tell_blocks(kinds, Features(torch.ones(1, 2), {})) is kinds
