"""Implicit-feedback matrix factorisation by alternating least squares, from the library ``implicit``."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from ltgnn.models.closed_form.als import ALS
from tests.models.closed_form_case import scores_of, toy_matrix


def test_als_lowers_its_objective_and_repeats() -> None:
    pytest.importorskip("implicit")
    first, second = (scores_of(ALS(4, 0.1, 5.0, 10, seed=s), None) for s in (0, 0))
    assert torch.equal(first, second)
    target, weight = toy_matrix(), 1 + (5.0 - 1) * toy_matrix()

    def error(scores: Tensor) -> float:
        return float((weight * (target - scores.double()) ** 2).sum())

    once = scores_of(ALS(4, 0.1, 5.0, 1, seed=0), None)
    assert error(first) < error(once) < error(torch.zeros_like(target))
