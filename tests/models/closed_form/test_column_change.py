"""Columns that new pairs change: those of a fit on all pairs, and the bound on how far one moves."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_matrix
from torch import Tensor

from ltgnn.models.closed_form.column_change import changed_items, touched_columns
from ltgnn.models.closed_form.local_ease import LocalEASE
from ltgnn.types import EarlierFit, Interactions, Scorer, UserError
from tests.conftest import random_interactions
from tests.models.local_ease_case import local

USERS, ITEMS = 40, 60
FEATURES = torch.randn(ITEMS, 6, generator=torch.Generator().manual_seed(2))


def parts(seed: int, new: int, items: int = ITEMS) -> tuple[Interactions, Interactions]:
    """Pairs of before, and with ``new`` more; before, items from ``items`` on are in none."""
    after = random_interactions(USERS, ITEMS, 0.06, seed=seed)
    old = after.items < items
    order = torch.randperm(len(after), generator=torch.Generator().manual_seed(seed))
    old[order[:new]] = False
    return after.select(old), after


def weights_of(scorer: Scorer) -> Any:
    return scorer.unmasked().weights  # type: ignore[attr-defined]


def earlier_of(model: LocalEASE, before: Interactions, features: Tensor | None, items: int = ITEMS) -> EarlierFit:
    known = torch.arange(ITEMS) < items
    smaller = Interactions(before.users, before.items, USERS, items)
    weights = weights_of(model.fit(smaller, None if features is None else features[:items])).copy()
    weights.resize(ITEMS, ITEMS)
    return EarlierFit(before, weights, known)


MODELS = {
    "ids": ({"most": 4}, False),
    "norms": ({"most": 4, "user_norm": 0.4, "item_norm": 0.3, "denoise": 0.2}, False),
    "features": ({"most": 3, "neighbours": 2, "content_weight": 2.0}, True),
    "samples": ({"most": 4, "longest_history": 4}, False),
    "cosine": ({"most": 4, "least_cosine": 0.3}, False),
}


@pytest.mark.parametrize("name", MODELS)
@settings(max_examples=6, deadline=None)
@given(st.integers(0, 300), st.integers(0, 4), st.sampled_from([ITEMS, ITEMS - 3]))
def test_a_refit_is_a_fit_on_all_pairs(name: str, seed: int, new: int, items: int) -> None:
    """Of the columns that may change; the others are those of before, bit for bit."""
    options, reads = MODELS[name]
    model, features = local(**options), FEATURES if reads else None  # type: ignore[arg-type]
    before, after = parts(seed, new, items)
    earlier = earlier_of(model, before, features, items)
    scorer, solved = model.refit(after, features, earlier, 0.0)
    found, wanted = weights_of(scorer).toarray(), weights_of(model.fit(after, features)).toarray()
    np.testing.assert_allclose(found, wanted, rtol=0, atol=1e-6)
    same = (found == earlier.weights.toarray()).all(0)
    assert int((~same).sum()) <= solved
    assert torch.equal(scorer.candidates, model.fit(after, features).candidates) if scorer.candidates is not None else 1


def test_columns_out_of_reach_are_kept() -> None:
    """Two groups of users without a common item: events in one leave the columns of the other."""
    model = local(4)
    first = random_interactions(20, 30, 0.2, seed=1)
    users, items = (torch.cat([x, x + shift]) for x, shift in ((first.users, 20), (first.items, 30)))
    before = Interactions(users, items, 40, 60)
    absent = next(i for i in range(30) if i not in first.items[first.users == 0].tolist())
    after = Interactions(torch.cat([users, users[:1] * 0]), torch.cat([items, torch.tensor([absent])]), 40, 60)
    weights = weights_of(model.fit(before, None)).copy()
    weights.data *= 2  # of no fit: what is kept is seen
    scorer, solved = model.refit(after, None, EarlierFit(before, weights, torch.ones(60, dtype=torch.bool)), 0.0)
    found, wanted = weights_of(scorer).toarray(), weights_of(model.fit(after, None)).toarray()
    assert 0 < solved <= 30
    assert (found[:, 30:] == weights.toarray()[:, 30:]).all()
    np.testing.assert_allclose(found[:, absent], wanted[:, absent], atol=1e-6)


def test_the_rule_by_hand() -> None:
    """Item 0 changed; 1 has it among its candidates, 2 has another candidate now, 3 none of these."""
    before = csr_matrix(np.array([[0, 1, 0, 0], [0, 0, 0, 1], [0, 0, 0, 0], [0, 0, 1, 0]], np.int8)).tocsc()
    after = csr_matrix(np.array([[0, 1, 0, 0], [0, 0, 1, 1], [0, 0, 0, 0], [0, 0, 0, 0]], np.int8)).tocsc()
    changed = np.array([True, False, False, False])
    assert touched_columns(before, after, changed).tolist() == [True, True, True, False]


def test_changed_items() -> None:
    """One that a user gained; all of the history where its length counts; none of a new user's others."""
    before = csr_matrix(np.array([[1, 1, 0, 0], [0, 1, 1, 0], [0, 0, 0, 0]], np.float32))
    after = csr_matrix(np.array([[1, 1, 0, 0], [0, 1, 1, 1], [0, 0, 0, 1]], np.float32))
    assert changed_items(before, after, 0.0).tolist() == [False, False, False, True]
    assert changed_items(before, after, 0.5).tolist() == [False, True, True, True]


@pytest.mark.parametrize("name", ["ids", "norms", "features", "samples"])
@settings(max_examples=6, deadline=None)
@given(st.integers(0, 300), st.integers(1, 6), st.sampled_from([ITEMS, ITEMS - 3]), st.floats(0.001, 0.2))
def test_a_kept_column_is_within_the_tolerance(name: str, seed: int, new: int, items: int, tolerance: float) -> None:
    """Of its solution on its earlier candidates and those of now, by dense matrices in float64."""
    options, reads = MODELS[name]
    model = local(**(options | {"item_norm": 0.0}))  # type: ignore[arg-type]
    features = FEATURES if reads else None
    before, after = parts(seed, new, items)
    earlier = earlier_of(model, before, features, items)
    scorer, solved = model.refit(after, features, earlier, tolerance)
    found, kept = weights_of(scorer).toarray(), earlier.weights.toarray()
    system = model._system(after, features)
    gram, (low, high) = torch.zeros(ITEMS, ITEMS).double(), torch.triu_indices(ITEMS, ITEMS)
    gram[low, high] = gram[high, low] = system.pairs.look_up(low, high).double()
    if features is not None and system.unit is not None:
        gram += model.content_weight * system.unit.double() @ system.unit.double().T
    wanted, moved = weights_of(model.fit(after, features)).toarray(), 0
    for item in range(ITEMS):
        if np.array_equal(found[:, item], kept[:, item]):
            both = np.union1d(system.candidates[item], kept[:, item].nonzero()[0]).astype(np.int64)
            left = gram[both][:, both] + system.penalty[both].double().diag()
            solution = torch.linalg.solve(left, gram[both, item]).numpy()
            assert np.linalg.norm(solution - found[both, item]) <= tolerance + 1e-6
        else:
            moved += 1
            np.testing.assert_allclose(found[:, item], wanted[:, item], atol=1e-6)
    assert moved <= solved


def test_a_large_tolerance_keeps_all() -> None:
    before, after = parts(0, 3)
    earlier = earlier_of(local(4), before, None)
    scorer, solved = local(4).refit(after, None, earlier, 1e6)
    assert solved == 0
    assert (weights_of(scorer) != earlier.weights).nnz == 0


def test_no_tolerance_where_the_bound_does_not_hold() -> None:
    before, after = parts(0, 3)
    model = local(4, least_cosine=0.3)
    with pytest.raises(UserError, match="tolerance=0, or a run with"):
        model.refit(after, None, earlier_of(model, before, None), 0.01)
