"""How popular the recommended items are, and how evenly exposure is shared out."""

from __future__ import annotations

from dataclasses import replace
from math import log2, sqrt

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ltgnn.evaluation import popularity
from tests.evaluation.beyond_accuracy_case import LISTS, random_case


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 2**31))
def test_uniform_test_is_the_expectation_under_resampling(seed: int) -> None:
    lists = random_case(seed)
    generator = torch.Generator().manual_seed(seed)
    held, listed = lists.held_out, lists.found
    hit = {(int(lists.users[u]), int(lists.items[u, p])): int(p) for u, p in listed.nonzero()}
    items = held.items.unique()
    draws = items[torch.randint(0, len(items), (4_000,), generator=generator)]
    gains = []
    for item in draws.tolist():
        users = held.users[held.items == item]
        user = int(users[torch.randint(0, len(users), (), generator=generator)])
        gains.append((user, item) in hit)
    sampled = sum(gains) / len(gains)
    expected = popularity.uniform_recall(lists)
    assert abs(sampled - expected) < 5 * sqrt(expected * (1 - expected) / 4_000) + 1e-12  # five standard errors


def test_gini_reaches_its_ends() -> None:
    generator = replace(LISTS, items=torch.tensor([[0], [0], [0]]), found=torch.zeros(3, 1, dtype=torch.bool))
    assert popularity.gini(generator) == pytest.approx(1)
    everyone = replace(generator, items=torch.arange(5)[None], found=torch.zeros(1, 5, dtype=torch.bool))
    assert popularity.gini(everyone) == pytest.approx(0)
    assert popularity.entropy(everyone) == pytest.approx(log2(5))
