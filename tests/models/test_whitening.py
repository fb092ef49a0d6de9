"""Principal components of item features, of unit variance: where ids start from features."""

from __future__ import annotations

import torch

from ltgnn.models.fusion import Init
from ltgnn.models.whitening import whiten
from tests.models.fusion_case import INIT, ITEM_TEXT, embed


def test_whiten_against_svd_and_narrow_text() -> None:
    white = whiten(ITEM_TEXT.double(), torch.ones(6, dtype=torch.bool), 3)
    centred = ITEM_TEXT.double() - ITEM_TEXT.double().mean(0)
    u, _, _ = torch.linalg.svd(centred, full_matrices=False)
    torch.testing.assert_close(white.abs(), (u[:, :3] * 6**0.5).abs(), rtol=1e-6, atol=1e-9)
    assert whiten(ITEM_TEXT[:, :2], torch.ones(6, dtype=torch.bool), 4).shape == (6, 2)
    torch.manual_seed(1)
    model = embed(Init, ITEM_TEXT[:, :2], dim=4)
    torch.manual_seed(1)
    INIT(torch.empty(3, 4))
    torch.testing.assert_close(model.items[:, 2:].detach(), INIT(torch.empty(6, 4))[:, 2:])  # the rest keeps its init
