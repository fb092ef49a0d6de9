"""L2 by hand."""

from __future__ import annotations

import pytest

from ltgnn.losses.regularisers import L2
from tests.losses.by_hand import two_users


def test_l2_by_hand() -> None:
    batch, main = two_users()
    # users 1 + 4, positives 9 + 1, negatives 1 + 2; half of the sum over the batch of 2
    assert L2(0.1, [0], negatives=True)(batch, main, []).item() == pytest.approx(0.1 * 0.5 * 18 / 2)
    assert L2(0.1, [0], negatives=False)(batch, main, []).item() == pytest.approx(0.1 * 0.5 * 15 / 2)
