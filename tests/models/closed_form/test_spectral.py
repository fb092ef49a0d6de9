"""Graph filters: low frequencies of the normalised user-item graph."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from ltgnn.models.closed_form.spectral import GFCF, SVD, singular_vectors
from tests.models.closed_form_case import NUM_ITEMS, NUM_USERS, close, scores_of, toy_matrix


def degrees(exponent: float) -> tuple[Tensor, Tensor]:
    left, right = toy_matrix().sum(1) ** exponent, toy_matrix().sum(0) ** exponent
    return torch.diag(left), torch.diag(torch.where(right.isinf(), 0.0, right))


def test_gfcf_dense() -> None:
    left, right = degrees(-0.5)
    graph = left @ toy_matrix() @ right
    vectors = torch.linalg.svd(graph)[2][:6]
    low = right @ vectors.T @ vectors @ degrees(0.5)[1]
    close(scores_of(GFCF(6, 0.3), None), toy_matrix() @ (graph.T @ graph + 0.3 * low))


@pytest.mark.parametrize("layers", [0, 2])
def test_svd_propagated_over_the_graph(layers: int) -> None:
    left, right = degrees(-0.5)
    graph = left @ toy_matrix() @ right
    u, s, v = torch.linalg.svd(graph, full_matrices=False)
    states = [torch.cat([u[:, :5] * s[:5].sqrt(), v[:5].T * s[:5].sqrt()])]
    whole = torch.zeros(NUM_USERS + NUM_ITEMS, NUM_USERS + NUM_ITEMS, dtype=torch.float64)
    whole[:NUM_USERS, NUM_USERS:], whole[NUM_USERS:, :NUM_USERS] = graph, graph.T
    for _ in range(layers):
        states.append(whole @ states[-1])
    users, items = torch.stack(states).mean(0).split([NUM_USERS, NUM_ITEMS])
    close(scores_of(SVD(5, layers), None), users @ items.T)


def test_singular_vectors_of_a_large_matrix_are_exact() -> None:
    """Past 200 rows ARPACK takes over; the same subspace as LAPACK."""
    from scipy.sparse import random as random_matrix

    matrix = random_matrix(260, 230, 0.1, random_state=0, format="csr")
    _, values, right = singular_vectors(matrix, 12)
    wanted = np.linalg.svd(matrix.toarray())
    np.testing.assert_allclose(values, wanted[1][:12], rtol=1e-5)
    np.testing.assert_allclose(right.T @ right, wanted[2][:12].T @ wanted[2][:12], atol=1e-5)
    again = singular_vectors(matrix, 12)[2]
    assert (again == right).all()
