"""Similarity of items by users, features and vectors, by hand."""

from __future__ import annotations

import pytest
import torch

from ltgnn.inference.similarity import cosines_with
from ltgnn.types import Interactions, UserError


def test_by_users(tiny: Interactions) -> None:
    both = cosines_with(0, "users", tiny, None, None)
    assert both.tolist() == pytest.approx([1.0, 1 / 6**0.5, 1 / 3**0.5, 1 / 3**0.5, 0.0])


def test_by_vectors(tiny: Interactions) -> None:
    table = torch.tensor([[3.0, 0.0], [1.0, 1.0], [0.0, 2.0], [0.0, 0.0], [-1.0, 0.0]])
    wanted = [1.0, 0.5**0.5, 0.0, 0.0, -1.0]
    assert cosines_with(0, "features", tiny, table, None).tolist() == pytest.approx(wanted)
    assert cosines_with(0, "model", tiny, None, table).tolist() == pytest.approx(wanted)


def test_what_is_not_there(tiny: Interactions) -> None:
    with pytest.raises(UserError, match=r"this model has no item features. Set by=users"):
        cosines_with(0, "features", tiny, None, None)
    with pytest.raises(UserError, match=r"by=x given; model, features or users wanted"):
        cosines_with(0, "x", tiny, None, None)  # type: ignore[arg-type]
