"""EASE, its relatives (denoised, relaxed, normalised by popularity), and EASE that sees features as further users."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from ltgnn.models.closed_form.ease import EASE, ContentEASE
from ltgnn.scoring.forms import decompose
from ltgnn.scoring.item_weights import ItemItemWeights
from ltgnn.testing.closed_form import ClosedFormCase
from ltgnn.types import ClosedForm, Interactions, UserError
from tests.conftest import random_interactions
from tests.models.closed_form_case import NUM_ITEMS, TEXT, TOY_TRAIN, close, scores_of, toy_matrix


def solve_ease(gram: Tensor, l2: float) -> Tensor:
    """Column by column: ridge regression of each item on all others."""
    weights = torch.zeros(NUM_ITEMS, NUM_ITEMS, dtype=torch.float64)
    for item in range(NUM_ITEMS):
        rest = [j for j in range(NUM_ITEMS) if j != item]
        left = gram[rest][:, rest] + l2 * torch.eye(NUM_ITEMS - 1, dtype=torch.float64)
        weights[rest, item] = torch.linalg.solve(left, gram[rest, item])
    return weights


def test_ease_is_a_ridge_regression_of_each_item_on_the_others() -> None:
    matrix = toy_matrix()
    close(scores_of(EASE(3.0, 100), None), matrix @ solve_ease(matrix.T @ matrix, 3.0))


def test_rows_of_the_weights_lie_in_one_piece() -> None:
    found = decompose(EASE(3.0, 100).fit(TOY_TRAIN, None))
    assert found is not None
    assert isinstance(found[0], ItemItemWeights)
    assert found[0].weights.is_contiguous()


def test_text_ease_sees_text_dimensions_as_users() -> None:
    centred = TEXT.double() - TEXT.double().mean(0)
    unit = centred / centred.norm(dim=1, keepdim=True)
    stacked = torch.cat([toy_matrix(), 2.0**0.5 * unit.T])
    close(scores_of(ContentEASE(3.0, 100, 2.0), TEXT), toy_matrix() @ solve_ease(stacked.T @ stacked, 3.0))
    plain = scores_of(EASE(3.0, 100), None)
    assert torch.equal(scores_of(ContentEASE(3.0, 100, 0.0), TEXT), plain)
    assert (plain[:, -1] == 0).all()
    assert (scores_of(ContentEASE(3.0, 100, 2.0), TEXT)[:, -1] != 0).all()  # the cold item is reached


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
