"""The user-item matrix, its norms and its Gram matrix, by hand."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from ltgnn.models.closed_form.matrix import binary, gram, normalise, power
from ltgnn.types import Interactions


def test_matrix_and_its_norm(tiny: Interactions) -> None:
    dense = binary(tiny).toarray()
    assert dense.tolist() == [[1, 1, 0, 0, 0], [1, 0, 1, 0, 0], [1, 0, 0, 1, 0], [0, 1, 0, 0, 0]]
    users, items = dense.sum(1), np.maximum(dense.sum(0), 1)
    assert normalise(tiny).toarray() == pytest.approx(dense / np.sqrt(users[:, None] * items))


def test_a_count_of_0_has_the_power_0() -> None:
    assert power(torch.tensor([0, 1, 4]), -0.5).tolist() == [0.0, 1.0, 0.5]


@pytest.mark.parametrize("user_norm", [0.0, 1.0])
def test_gram_matrix(tiny: Interactions, user_norm: float) -> None:
    dense = torch.from_numpy(binary(tiny).toarray())
    weight = dense.sum(1) ** -user_norm
    torch.testing.assert_close(gram(tiny, user_norm), dense.T @ (weight[:, None] * dense))
