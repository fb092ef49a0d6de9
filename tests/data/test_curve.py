"""The popularity curve: its Gini by hand, its picture."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from ltgnn.data.curve import draw, gini_of
from ltgnn.testing import toy


def test_gini_by_hand() -> None:
    assert gini_of(torch.tensor([5, 5, 5])) == pytest.approx(0)
    assert gini_of(torch.tensor([0, 9, 0])) == pytest.approx(1)
    assert gini_of(torch.tensor([1, 3])) == pytest.approx(0.5)
    assert gini_of(torch.tensor([4])) == gini_of(torch.tensor([0, 0])) == 0.0


def test_a_picture_is_written(tmp_path: Path) -> None:
    draw(toy.interactions().item_counts, {"toy": toy.groups()}, "toy", tmp_path / "curve.png")
    assert (tmp_path / "curve.png").read_bytes().startswith(b"\x89PNG")
