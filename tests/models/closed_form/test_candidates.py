"""The items that may get a weight to an item: those that the same users have, and those with similar features."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_matrix

from ltgnn.models.closed_form.candidates import Candidates, largest
from tests.models.local_ease_case import FEATURES, ITEMS, TRAIN, close, dense, local, naive_weights, scores_of


@pytest.mark.parametrize("neighbours", [0, 3, 40])
def test_features_among_the_candidates_and_in_the_gram_matrix(neighbours: int) -> None:
    wanted = dense() @ naive_weights(4, neighbours, 2.5, torch.full((ITEMS,), 3.0).double())
    model = local(4, neighbours, content_weight=2.5)
    close(scores_of(model, FEATURES), wanted)
    candidates = model.fit(TRAIN, FEATURES).candidates
    assert (candidates is None or bool(candidates[-1])) == (neighbours > 0)  # the cold item is reached by features only


def test_candidates_by_count() -> None:
    """``popularity_power=0``: the frequent item, where .5 prefers the specific one."""
    block = csr_matrix(np.array([[0, 9.0, 5.0]], dtype=np.float32))
    counts = np.array([9, 100, 9])
    assert Candidates(1, 1, 0.0, 0.0, 0).co_occurring(0, block, counts)[0].tolist() == [1]
    assert Candidates(1, 1, 0.0, 0.5, 0).co_occurring(0, block, counts)[0].tolist() == [2]


def test_widths_grow_with_the_root_of_the_count() -> None:
    assert Candidates(5, 40, 4.0, 0.5, 0).widths(np.array([0, 1, 4, 25, 10_000])).tolist() == [5, 5, 8, 20, 40]


@settings(deadline=None)
@given(st.lists(st.integers(0, 5), min_size=1, max_size=30), st.integers(0, 30))
def test_the_largest_and_of_equal_ones_the_first(values: list[int], number: int) -> None:
    number = min(number, len(values))
    wanted = np.argsort(-np.array(values), kind="stable")[:number]
    assert sorted(largest(np.array(values, np.float32), number)) == sorted(wanted)
