"""The inverse of a large positive definite matrix in its own memory, by matrix products."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ltgnn.models.closed_form.inverse import invert_positive_definite


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 60), st.integers(1, 20), st.integers(0, 1000))
def test_inverse_by_products(size: int, base: int, seed: int) -> None:
    """Whatever the size at which LAPACK takes over."""
    rows = torch.randn(size + 5, size, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    matrix = rows.T @ rows + torch.eye(size)
    found = matrix.clone()
    assert invert_positive_definite(found, base)
    torch.testing.assert_close(found, torch.linalg.inv(matrix))
    torch.testing.assert_close(found, found.T)


@pytest.mark.parametrize("place", [0, 6, 11])
def test_not_positive_definite(place: int) -> None:
    matrix = torch.eye(12)
    matrix[place, place] = -1
    assert not invert_positive_definite(matrix, 3)
