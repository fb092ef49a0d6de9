"""Hybrids: a weighted sum of closed forms."""

from __future__ import annotations

import pytest
import torch

from ltgnn.models.closed_form.blend import Blend
from ltgnn.models.closed_form.ease import EASE
from ltgnn.models.closed_form.neighbours import ContentKNN
from ltgnn.models.closed_form.turbo_cf import MultimodalFilter
from ltgnn.types import Block, UserError
from tests.models.closed_form_case import TEXT, scores_of


def test_blend_is_the_weighted_sum() -> None:
    parts = {"ease": EASE(3.0, 100), "text": ContentKNN(4), "off": None}
    scores = scores_of(Blend(parts, {"ease": 2.0, "text": 0.5}), TEXT)
    wanted = 2 * scores_of(EASE(3.0, 100), None) + 0.5 * scores_of(ContentKNN(4), TEXT)
    torch.testing.assert_close(scores, wanted)
    with pytest.raises(UserError, match="a weight for each of ease, text"):
        Blend(parts, {"ease": 1.0})


def test_its_parts_are_told_the_kinds_of_features() -> None:
    everyone = torch.ones(len(TEXT), dtype=torch.bool)
    blocks = {"text": Block(slice(0, 3), everyone), "images": Block(slice(3, 5), everyone)}
    kinds = MultimodalFilter(0.8, 0.7, 100, {"text": 2.0, "images": 1.0})
    blend = Blend({"ease": EASE(3.0, 100), "kinds": kinds}, {"ease": 1.0, "kinds": 0.5}).with_blocks(blocks)
    wanted = scores_of(EASE(3.0, 100), None) + 0.5 * scores_of(kinds.with_blocks(blocks), TEXT)
    torch.testing.assert_close(scores_of(blend, TEXT), wanted)
