"""The relatives of EASE against ridge regressions item by item; the inverse by matrix products against LAPACK."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from ltgnn.models.closed_form.ease import EASE, ContentEASE
from ltgnn.models.closed_form.inverse import invert_positive_definite
from ltgnn.testing.closed_form import ClosedFormCase
from ltgnn.types import ClosedForm, Interactions, UserError
from tests.conftest import random_interactions

USERS, ITEMS = 30, 17
TRAIN = random_interactions(USERS, ITEMS - 1, 0.2, seed=3)
TRAIN = Interactions(TRAIN.users, TRAIN.items, USERS, ITEMS)
EVERYONE = torch.arange(USERS)


def dense() -> Tensor:
    matrix = torch.zeros(USERS, ITEMS, dtype=torch.float64)
    matrix[TRAIN.users, TRAIN.items] = 1
    return matrix


def relaxed_ridge(gram: Tensor, penalty: Tensor, most: float) -> Tensor:
    """Column by column: least squares with penalty where the own weight is at most ``most``, which is then dropped."""
    weights = torch.zeros(ITEMS, ITEMS, dtype=torch.float64)
    for item in range(ITEMS):
        free = torch.linalg.solve(gram + penalty.diag(), gram[:, item])
        if float(free[item]) <= most:
            weights[:, item] = free
        else:  # the own weight stays at its bound; the others explain what it leaves
            rest = [j for j in range(ITEMS) if j != item]
            left = gram[rest][:, rest] + penalty[rest].diag()
            weights[rest, item] = torch.linalg.solve(left, (1 - most) * gram[rest, item])
    return weights.fill_diagonal_(0)


@pytest.mark.parametrize(("denoise", "relax"), [(0.0, 0.0), (0.4, 0.0), (0.0, 0.3), (0.4, 0.2)])
def test_denoised_and_relaxed(denoise: float, relax: float) -> None:
    gram = dense().T @ dense()
    penalty = 3.0 + denoise / (1 - denoise) * gram.diagonal()
    wanted = dense() @ relaxed_ridge(gram, penalty, relax)
    found = EASE(3.0, 100, denoise=denoise, relax=relax).fit(TRAIN, None).unmasked().scores(EVERYONE)
    torch.testing.assert_close(found.double(), wanted, rtol=1e-4, atol=1e-5)


def test_some_items_reach_the_bound_and_some_do_not() -> None:
    """Else the test above would see one side only."""
    gram = dense().T @ dense()
    own = torch.linalg.solve(gram + 3 * torch.eye(ITEMS).double(), gram).diagonal()
    assert (own > 0.3).any()
    assert (own < 0.3).any()


def test_normalised_by_popularity() -> None:
    users, items = dense().sum(1), dense().sum(0).clamp_min(1)
    rows = dense() * users.clamp_min(1)[:, None] ** -0.15
    weights = relaxed_ridge(rows.T @ rows, torch.full((ITEMS,), 3.0).double(), 0.0)
    wanted = dense() @ (items[:, None] ** 0.2 * weights * items**-0.2)
    found = EASE(3.0, 100, user_norm=0.3, item_norm=0.2).fit(TRAIN, None).unmasked().scores(EVERYONE)
    torch.testing.assert_close(found.double(), wanted, rtol=1e-4, atol=1e-5)


def test_a_larger_item_norm_moves_score_to_rare_items() -> None:
    def mass_of_rare(norm: float) -> float:
        scores = EASE(3.0, 100, item_norm=norm).fit(TRAIN, None).unmasked().scores(EVERYONE).clamp_min(0)
        rare = TRAIN.item_counts <= TRAIN.item_counts.median()
        return float(scores[:, rare].sum() / scores.sum())

    assert mass_of_rare(0.0) < mass_of_rare(0.3) < mass_of_rare(0.6)


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


def test_singular_gram_matrix_is_refused() -> None:
    twins = Interactions(torch.tensor([0, 0]), torch.tensor([0, 1]), 1, 2)
    with pytest.raises(UserError, match=r"raise model\.closed_form\.l2"):
        EASE(0.0, 100).fit(twins, None)


def test_too_many_items_name_the_model_that_has_no_such_matrix() -> None:
    with pytest.raises(UserError, match="model=ease_local"):
        EASE(1.0, 10).fit(TRAIN, None)


class TestRelatives(ClosedFormCase):
    def make(self) -> ClosedForm:
        return EASE(2.0, 100, denoise=0.2, relax=0.1, user_norm=0.2, item_norm=0.2)


class TestRelativesWithFeatures(ClosedFormCase):
    def make(self) -> ClosedForm:
        return ContentEASE(2.0, 100, 3.0, denoise=0.2, relax=0.1, user_norm=0.2, item_norm=0.2)
