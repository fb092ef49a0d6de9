"""L3AE against its formula with dense inverses, against its objective, and against EASE where the prior weighs 0."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from ltgnn.models.closed_form.ease import EASE
from ltgnn.models.closed_form.l3ae import L3AE
from ltgnn.scoring.forms import decompose
from ltgnn.scoring.item_weights import ItemItemWeights
from ltgnn.testing.closed_form import ClosedFormCase
from ltgnn.types import ClosedForm, UserError
from tests.models.closed_form_case import NUM_ITEMS, TEXT, TOY_TRAIN, close, toy_matrix

CONTENT_L2 = 0.7


def dense_prior() -> Tensor:
    """``-P / diag(P)`` by columns, from the dense inverse of the cosines.  [I, I] float64"""
    rows = TEXT.double() - TEXT.double().mean(0)
    unit = rows / rows.norm(dim=1, keepdim=True)
    inverse = torch.linalg.inv(unit @ unit.T + CONTENT_L2 * torch.eye(NUM_ITEMS, dtype=torch.float64))
    return (-inverse / inverse.diagonal()).fill_diagonal_(0)


def dense_weights(l2: float, prior_weight: float) -> Tensor:
    """The formula of the paper, word for word.  [I, I] float64"""
    gram, prior = toy_matrix().T @ toy_matrix(), dense_prior()
    inverse = torch.linalg.inv(gram + (l2 + prior_weight) * torch.eye(NUM_ITEMS, dtype=torch.float64))
    product = inverse @ prior
    multiplier = (1 + prior_weight * product.diagonal()) / inverse.diagonal()
    return (prior_weight * product - inverse @ multiplier.diag()).fill_diagonal_(0)


def weights_of(model: ClosedForm, features: Tensor = TEXT) -> Tensor:
    """[I, I] float64"""
    found = decompose(model.fit(TOY_TRAIN, features))
    assert found is not None
    assert isinstance(found[0], ItemItemWeights)
    return found[0].weights.double()


@pytest.mark.parametrize(("l2", "prior_weight"), [(3.0, 2.0), (0.0, 5.0), (-4.0, 7.0), (3.0, 0.0)])
def test_weights_are_those_of_the_dense_formula(l2: float, prior_weight: float) -> None:
    close(weights_of(L3AE(l2, CONTENT_L2, prior_weight, 100)), dense_weights(l2, prior_weight))


def slope(model: ClosedForm, l2: float, prior_weight: float) -> float:
    """The largest derivative of the objective by a weight off the diagonal."""
    weights = weights_of(model).requires_grad_()
    objective = (toy_matrix() - toy_matrix() @ weights).square().sum() + l2 * weights.square().sum()
    (objective + prior_weight * (weights - dense_prior()).square().sum()).backward()
    assert weights.grad is not None
    return float(weights.grad.fill_diagonal_(0).abs().max())


@settings(max_examples=25, deadline=None)
@given(st.floats(0, 20), st.floats(0.5, 20))
def test_the_objective_is_flat_there(prior_weight: float, penalty: float) -> None:
    """Whatever part of the penalty is the prior's, more than all of it included (a negative ``l2``)."""
    l2 = penalty - prior_weight
    assert slope(L3AE(l2, CONTENT_L2, prior_weight, 100), l2, prior_weight) < 1e-3


def test_ease_is_not_flat_there() -> None:
    """Else the test above would see nothing."""
    assert slope(EASE(5.0, 100), 3.0, 2.0) > 0.1


@pytest.mark.parametrize("relative", [{}, {"denoise": 0.3, "user_norm": 0.3, "item_norm": 0.2}])
def test_a_prior_that_weighs_nothing_leaves_ease(relative: Mapping[str, float]) -> None:
    close(weights_of(L3AE(3.0, CONTENT_L2, 0.0, 100, **relative)), weights_of(EASE(3.0, 100, **relative)))


def test_a_prior_that_weighs_all_leaves_text_ease() -> None:
    torch.testing.assert_close(weights_of(L3AE(0.0, CONTENT_L2, 1e6, 100)), dense_prior(), rtol=1e-3, atol=1e-4)


def test_relatives_column_by_column() -> None:
    """Each item's ridge on all others, drawn to the prior, with the users and the penalties weighed; then scaled."""
    users, items = toy_matrix().sum(1).clamp_min(1), toy_matrix().sum(0).clamp_min(1)
    gram, prior = toy_matrix().T @ (users[:, None] ** -0.3 * toy_matrix()), dense_prior()
    penalty = 3.0 + 0.25 * gram.diagonal()  # denoise .2
    wanted = torch.zeros(NUM_ITEMS, NUM_ITEMS, dtype=torch.float64)
    for item in range(NUM_ITEMS):
        rest = [j for j in range(NUM_ITEMS) if j != item]
        left = gram[rest][:, rest] + (penalty[rest] + 2.0).diag()
        wanted[rest, item] = torch.linalg.solve(left, gram[rest, item] + 2.0 * prior[rest, item])
    model = L3AE(3.0, CONTENT_L2, 2.0, 100, denoise=0.2, user_norm=0.3, item_norm=0.2)
    close(weights_of(model), items[:, None] ** 0.2 * wanted * items**-0.2)


def test_cold_items_are_scored_by_their_text_alone() -> None:
    """Item 16 has no interaction; without a text it is no candidate."""
    scorer = L3AE(3.0, CONTENT_L2, 2.0, 100).fit(TOY_TRAIN, TEXT)
    assert scorer.candidates is None or bool(scorer.candidates[-1])
    without = TEXT.clone()
    without[-1] = 0
    masked = L3AE(3.0, CONTENT_L2, 2.0, 100).fit(TOY_TRAIN, without).candidates
    assert masked is not None
    assert masked.tolist() == [True] * (NUM_ITEMS - 1) + [False]


def test_bad_values_are_refused() -> None:
    with pytest.raises(UserError, match=r"l2=-3.0 with prior_weight=3.0 given, a sum above 0 wanted"):
        L3AE(-3.0, CONTENT_L2, 3.0, 100)
    with pytest.raises(UserError, match="features=none was given"):
        L3AE(3.0, CONTENT_L2, 2.0, 100).fit(TOY_TRAIN, None)
    with pytest.raises(UserError, match=r"model=l3ae on 17 items .* the limit is 10 items"):
        L3AE(3.0, CONTENT_L2, 2.0, 10).fit(TOY_TRAIN, TEXT)


class TestL3AECase(ClosedFormCase):
    def make(self) -> ClosedForm:
        return L3AE(2.0, 1.0, 3.0, 100)


class TestRelativesCase(ClosedFormCase):
    def make(self) -> ClosedForm:
        return L3AE(-2.0, 1.0, 3.0, 100, denoise=0.2, user_norm=0.2, item_norm=0.2)
