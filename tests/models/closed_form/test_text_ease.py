"""Text EASE by Woodbury's identity against the dense inverse; its adjustment and its transform against it."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from ltgnn.features.transform import Ridge
from ltgnn.models.closed_form.text_ease import TextEASE
from ltgnn.scoring.content_ridge import ContentRidge
from ltgnn.tensors.ridge import centred_unit, ridge_root, ridge_weights
from ltgnn.testing.closed_form import ClosedFormCase
from ltgnn.types import ClosedForm, Interactions, UserError
from tests.conftest import random_interactions

USERS, ITEMS, L2 = 30, 17, 0.7
TRAIN = random_interactions(USERS, ITEMS - 1, 0.2, seed=3)
TRAIN = Interactions(TRAIN.users, TRAIN.items, USERS, ITEMS)  # the last item is cold
FEATURES = torch.randn(ITEMS, 5, generator=torch.Generator().manual_seed(1)) + 1
FEATURES[4] = 0  # without a text
EVERYONE = torch.arange(USERS)


def dense_weights() -> Tensor:
    """``-P / diag(P)`` by columns, from the dense inverse."""
    there = FEATURES.any(1)
    rows = FEATURES.double() - FEATURES[there].double().mean(0)
    unit = rows / rows.norm(dim=1, keepdim=True) * there[:, None]
    inverse = torch.linalg.inv(unit @ unit.T + L2 * torch.eye(ITEMS, dtype=torch.float64))
    return (-inverse / inverse.diagonal()).fill_diagonal_(0)


def histories() -> Tensor:
    matrix = torch.zeros(USERS, ITEMS, dtype=torch.float64)
    matrix[TRAIN.users, TRAIN.items] = 1
    return matrix


def close_off_diagonal(found: Tensor, wanted: Tensor) -> None:
    others = ~torch.eye(ITEMS, dtype=torch.bool)
    torch.testing.assert_close(found.double()[others], wanted[others], rtol=1e-5, atol=1e-6)


def test_weights_are_those_of_the_dense_inverse() -> None:
    given, received = ridge_weights(FEATURES, L2)
    close_off_diagonal(given @ received, dense_weights())


def test_scores_without_the_weight_of_an_item_to_itself() -> None:
    """Of the items in the history, too: a loss on what this model leaves trains on them."""
    scorer = TextEASE(L2).fit(TRAIN, FEATURES)
    wanted = histories() @ dense_weights()
    torch.testing.assert_close(scorer.unmasked().scores(EVERYONE).double(), wanted, rtol=1e-5, atol=1e-6)
    found = scorer.unmasked().scores_of(EVERYONE, torch.arange(ITEMS))
    torch.testing.assert_close(found.double(), wanted, rtol=1e-5, atol=1e-6)
    known = scorer.candidates
    assert known is None or bool(known[-1])  # the cold item is scored


def test_features_are_needed() -> None:
    with pytest.raises(UserError, match="features=none was given"):
        TextEASE(1.0).fit(TRAIN, None)


def test_adjustment() -> None:
    """Weight, mean over the history, gate by popularity."""
    match = ContentRidge(TRAIN, FEATURES, weight=3.0, l2=L2, history_power=1.0, popularity_gate=0.5)
    lengths = histories().sum(1, keepdim=True).clamp_min(1)
    wanted = 3.0 * histories() @ dense_weights() / lengths * (1 + histories().sum(0)) ** -0.5
    free = histories() == 0
    torch.testing.assert_close(match.scores(EVERYONE).double()[free], wanted[free], rtol=1e-5, atol=1e-6)
    ((factor, table),) = match.terms()
    torch.testing.assert_close(factor * table.scores(EVERYONE), match.scores(EVERYONE))
    mine, values = match.history_terms(7, 3)
    assert mine.tolist() == TRAIN.items[TRAIN.users == 7].tolist()
    assert float(values.sum()) == pytest.approx(float(match.scores(EVERYONE)[7, 3]), abs=1e-6)


def test_transform_has_the_inner_products_of_text_ease() -> None:
    rows = Ridge(L2)(FEATURES, torch.ones(ITEMS, dtype=torch.bool))
    given = ridge_weights(FEATURES, L2)[0]
    torch.testing.assert_close(rows @ rows.T, given @ given.T)
    assert (rows[4] == 0).all()


def test_transform_is_fitted_on_items_of_training_alone() -> None:
    fit = torch.arange(ITEMS) < 12
    changed = FEATURES.clone()
    changed[13] += 5
    assert torch.equal(Ridge(L2)(FEATURES, fit)[:13], Ridge(L2)(changed, fit)[:13])


def test_root_of_the_inverse() -> None:
    rows = torch.randn(9, 4, generator=torch.Generator().manual_seed(0)).double()
    root = ridge_root(rows, 0.3)
    torch.testing.assert_close(root @ root.T, torch.linalg.inv(rows.T @ rows + 0.3 * torch.eye(4).double()))
    flat = torch.cat([rows, rows[:, :2]], 1)
    assert ridge_root(flat, 0.0).shape == (6, 4)  # directions without variance are left out


def test_rows_of_zeros_do_not_move_the_centre() -> None:
    some = torch.tensor([[1.0, 0.0], [0.0, 0.0], [3.0, 0.0]])
    assert centred_unit(some).tolist() == [[-1.0, 0.0], [0.0, 0.0], [1.0, 0.0]]


class TestTextEASECase(ClosedFormCase):
    def make(self) -> ClosedForm:
        return TextEASE(1.0)
