"""Each pooling of two texts of different length, by hand."""

from __future__ import annotations

import pytest
import torch

from ltgnn.features.pooling import POOLINGS

STATES = torch.tensor([[[1.0, -4.0], [3.0, -2.0], [9.0, 9.0]], [[0.0, 1.0], [6.0, 5.0], [3.0, 0.0]]])
MASK = torch.tensor([[1, 1, 0], [1, 1, 1]])


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("mean", [[2.0, -3.0], [3.0, 2.0]]),
        ("cls", [[1.0, -4.0], [0.0, 1.0]]),
        ("max", [[3.0, -2.0], [6.0, 5.0]]),
        ("last", [[3.0, -2.0], [3.0, 0.0]]),
    ],
)
def test_by_hand(name: str, wanted: list[list[float]]) -> None:
    assert POOLINGS[name](STATES, MASK).tolist() == wanted


def test_every_pooling_is_tried() -> None:
    assert set(POOLINGS) == {"mean", "cls", "max", "last"}
