"""Ridge weights of features against the dense inverse."""

from __future__ import annotations

import pytest
import torch

from ltgnn.tensors.ridge import centred_unit, ridge_root, ridge_weights
from ltgnn.testing import toy


def test_rows_are_centred_and_of_unit_length() -> None:
    rows = centred_unit(torch.tensor([[1.0, 0.0], [0.0, 1.0], [0.0, 0.0]]))
    half = 0.5**0.5
    torch.testing.assert_close(rows, torch.tensor([[half, -half], [-half, half], [0.0, 0.0]]))


@pytest.mark.parametrize("l2", [0.1, 3.0])
def test_weights_are_those_of_the_dense_inverse(l2: float) -> None:
    features = toy.features()
    rows = centred_unit(features).double()
    inverse = torch.linalg.inv(rows @ rows.T + l2 * torch.eye(len(rows), dtype=torch.float64))
    given, received = ridge_weights(features, l2)
    others = ~torch.eye(len(rows), dtype=torch.bool)
    torch.testing.assert_close(
        (given @ received).double()[others], (-inverse / inverse.diag())[others], rtol=1e-4, atol=1e-6
    )


def test_root() -> None:
    rows = toy.random(9, 4)
    root = ridge_root(rows, 0.5)
    wanted = torch.linalg.inv(rows.double().T @ rows.double() + 0.5 * torch.eye(4, dtype=torch.float64))
    torch.testing.assert_close(root @ root.T, wanted)
