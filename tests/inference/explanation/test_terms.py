"""A score that is a sum, as its summands."""

from __future__ import annotations

import pytest

from ltgnn.inference.explanation.terms import merge_terms, terms
from ltgnn.scoring.scorers import InnerProduct
from ltgnn.testing import toy
from ltgnn.types import Term, UserError


def test_terms_of_the_same_item_become_one() -> None:
    found = merge_terms([Term(1, "", {"a": 1.0}), Term(None, "bias", {"a": 5.0}), Term(1, "", {"a": 2.0, "b": 1.0})])
    assert {(one.item, one.name): one.by for one in found} == {
        (None, "bias"): {"a": 5.0},
        (1, ""): {"a": 3.0, "b": 1.0},
    }
    assert found[0].name == "bias"


def test_a_product_of_fitted_vectors_is_no_sum_over_the_history() -> None:
    scorer = InnerProduct(toy.random(toy.USERS, 3), toy.random(toy.ITEMS, 3))
    with pytest.raises(UserError, match=r"the product of two fitted vectors"):
        terms(scorer, 0, 1, None)
