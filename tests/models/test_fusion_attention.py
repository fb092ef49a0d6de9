"""Attention over the id and each set of features (text, numbers, image ...)."""

from __future__ import annotations

from functools import partial

import pytest
import torch

from ltgnn.models.fusion_attention import Attention
from ltgnn.models.projection import Linear
from ltgnn.types import UserError
from tests.models.fusion_case import ITEM_TEXT, WARM, embed


def test_attention_over_sets_by_loop() -> None:
    torch.manual_seed(0)
    model = embed(partial(Attention, projector=Linear, widths={"text": 7, "numbers": 3}))
    states, text = model()
    first, second = (part[0] for part in model.fusion.projector.projectors)
    hidden, _, query = model.fusion.score
    rows, texts = [], []
    for i in range(6):
        sets = [model.items[i] * WARM[i], first(ITEM_TEXT[i, :7]), second(ITEM_TEXT[i, 7:])]
        logits = [(query.weight[0] @ torch.tanh(hidden.weight @ z + hidden.bias)).exp() for z in sets]
        rows.append(sum(logit / sum(logits) * z for logit, z in zip(logits, sets, strict=True)))
        texts.append((sets[1] + sets[2]) / 2)
    torch.testing.assert_close(states[3:], torch.stack(rows))
    torch.testing.assert_close(text, torch.stack(texts))
    with pytest.raises(UserError, match=r"fusion.widths.*10 columns"):
        embed(partial(Attention, projector=Linear, widths={"text": 7}))
