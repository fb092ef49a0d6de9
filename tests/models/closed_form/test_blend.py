"""Hybrids: a weighted sum of closed forms."""

from __future__ import annotations

import pytest
import torch

from ltgnn.models.closed_form.blend import Blend
from ltgnn.models.closed_form.ease import EASE
from ltgnn.models.closed_form.neighbours import ContentKNN
from ltgnn.types import UserError
from tests.models.closed_form_case import TEXT, scores_of


def test_blend_is_the_weighted_sum() -> None:
    parts = {"ease": EASE(3.0, 100), "text": ContentKNN(4), "off": None}
    scores = scores_of(Blend(parts, {"ease": 2.0, "text": 0.5}), TEXT)
    wanted = 2 * scores_of(EASE(3.0, 100), None) + 0.5 * scores_of(ContentKNN(4), TEXT)
    torch.testing.assert_close(scores, wanted)
    with pytest.raises(UserError, match="a weight for each of ease, text"):
        Blend(parts, {"ease": 1.0})
