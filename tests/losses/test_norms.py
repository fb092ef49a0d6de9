"""SELFRec's penalty by hand."""

from __future__ import annotations

import math

import pytest
import torch

from ltgnn.losses.norms import Norm
from ltgnn.types import Batch, Encoded


def test_norms_by_hand() -> None:
    """Users (3, 0), (0, 4): |X|_F = 5, over 2 rows; item (1, 2) twice: sqrt(10) / 2; negative (2, 0) twice."""
    users, items = torch.tensor([[3.0, 0.0], [0.0, 4.0]]), torch.tensor([[1.0, 2.0], [2.0, 0.0]])
    first = torch.cat([users * 2, items * 3])
    main = Encoded(users, items, (first,))
    batch = Batch(torch.tensor([0, 1]), torch.tensor([0, 0]), torch.tensor([[1], [1]]))
    final = 5 / 2 + math.sqrt(10) / 2
    assert Norm(0.1, None, False)(batch, main, []).item() == pytest.approx(0.1 * final)
    assert Norm(0.1, None, True)(batch, main, []).item() == pytest.approx(0.1 * (final + math.sqrt(8) / 2))
    layer = 2 * 5 / 2 + 3 * math.sqrt(10) / 2
    assert Norm(0.1, [0], False)(batch, main, []).item() == pytest.approx(0.1 * layer)
