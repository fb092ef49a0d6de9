"""Loss, gradient and steps of the linear shallow autoencoder, against the dense computation in float64."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_matrix
from torch import Tensor
from torch.nn import functional as F

from ltgnn.models.closed_form import shallow_autoencoder
from ltgnn.models.closed_form.shallow_autoencoder import InputRows, ShallowAutoencoder, add_up


def normal(*shape: int, seed: int) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def make_rows(items: int, users: int, columns: int, seed: int) -> tuple[InputRows, Tensor]:
    """Users with two items or more, dense rows, weights; and all of the rows as one dense matrix."""
    binary = (normal(users, items, seed=seed) > 0.5).double()
    binary[:, :2] = 1
    dense, weights = normal(items, columns, seed=seed + 1), normal(users + columns, seed=seed + 2).abs() + 0.1
    return InputRows(csr_matrix(binary.numpy()), dense, weights), torch.cat([binary, dense.T])


def dense_loss(free: Tensor, rows: Tensor, weights: Tensor) -> Tensor:
    """``|p / |p| - x / |x||^2`` with ``p = x (A A' - I)``, the matrix of items by items made."""
    vectors = F.normalize(free, dim=1)
    predicted = rows @ (vectors @ vectors.T - torch.eye(len(free), dtype=torch.float64))
    distances = (F.normalize(predicted, dim=1) - F.normalize(rows, dim=1)).square().sum(1)
    return (weights * distances).mean()


@settings(max_examples=25, deadline=None)
@given(st.integers(3, 12), st.integers(0, 9), st.integers(0, 4), st.integers(1, 8), st.integers(0, 1000))
def test_loss_and_gradient_are_those_of_the_dense_matrix(
    items: int, users: int, columns: int, dim: int, seed: int
) -> None:
    rows, matrix = make_rows(items, users + 1, columns, seed)
    free = normal(items, dim, seed=seed + 3)
    loss, differentiate = ShallowAutoencoder(free.clone()).losses(rows)
    wanted = dense_loss(free.requires_grad_(), matrix, rows.weights)
    wanted.backward()
    assert loss == pytest.approx(wanted.item(), abs=1e-6)
    assert free.grad is not None
    found = torch.cat([differentiate(slice(start, start + 2)) for start in range(0, items, 2)])
    torch.testing.assert_close(found, free.grad, rtol=1e-5, atol=1e-7)


def test_steps_are_those_of_adam(monkeypatch: pytest.MonkeyPatch) -> None:
    """In blocks of a few items and rows; torch.optim.Adam on the dense loss."""
    monkeypatch.setattr(shallow_autoencoder, "ITEMS", 3)
    monkeypatch.setattr(shallow_autoencoder, "ROWS", 2)
    rows, matrix = make_rows(10, 7, 3, seed=0)
    weights = normal(10, 4, seed=9)
    model, dense = ShallowAutoencoder(weights.clone()), weights.clone().requires_grad_()
    adam = torch.optim.Adam([dense], lr=0.05)
    for _ in range(5):
        adam.zero_grad()
        loss = dense_loss(dense, matrix, rows.weights)
        loss.backward()
        adam.step()
        assert model.step(rows, 0.05) == pytest.approx(loss.item(), abs=1e-9)
    torch.testing.assert_close(model.free, dense.detach(), rtol=1e-6, atol=1e-8)
    torch.testing.assert_close(model.vectors().norm(dim=1), torch.ones(10, dtype=torch.float64))


def test_a_row_without_a_prediction_moves_nothing() -> None:
    """Of orthogonal vectors ``A A' - I`` is 0."""
    rows, _ = make_rows(5, 3, 0, seed=1)
    loss, differentiate = ShallowAutoencoder(torch.eye(5, dtype=torch.float64)).losses(rows)
    assert loss == pytest.approx(2 * float(rows.weights.mean()))
    assert (differentiate(slice(0, 5)) == 0).all()


def test_sum_in_the_order_of_the_blocks() -> None:
    assert add_up({5: torch.tensor([2.0]), 0: torch.tensor([1.0])}).tolist() == [3.0]
