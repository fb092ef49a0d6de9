"""Ridge regressions of each item on a few others, in batches of equal width."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_matrix

from ltgnn.models.closed_form import local_ridge
from ltgnn.models.closed_form.local_ridge import batch_starts, overlapping, solve_columns
from ltgnn.models.closed_form.pair_counts import PairCounts


@settings(deadline=None)
@given(st.lists(st.integers(1, 3000), min_size=1, max_size=200).map(sorted))
def test_batches_hold_all_columns_in_bounded_memory(widths: list[int]) -> None:
    starts = batch_starts(np.array(widths))
    assert starts[0] == 0
    for start, end in zip(starts, [*starts[1:], len(widths)], strict=True):
        assert start < end
        assert end - start == 1 or (end - start) * widths[end - 1] ** 2 <= local_ridge.ENTRIES
        assert widths[end - 1] <= local_ridge.WIDER * widths[start] + 1


def test_columns_with_the_same_candidates_are_side_by_side() -> None:
    generator = np.random.default_rng(3)
    sets = [np.sort(generator.choice(500, 20, replace=False)) for _ in range(25)]
    candidates = [sets[column % 25] for column in range(500)]
    candidates[7] = candidates[7][:0]
    order = overlapping(candidates, np.array([len(items) for items in candidates]))
    assert sorted(order) == [column for column in range(500) if column != 7]
    changes = (np.diff(order % 25) != 0).sum()
    assert changes == 24


@pytest.mark.parametrize("small", [0, 1024])
def test_columns_against_dense_solutions(small: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether they are solved together or, as their candidates differ, apart."""
    monkeypatch.setattr(local_ridge, "SMALL", small)
    generator = np.random.default_rng(1)
    rows = (generator.random((200, 60)) < 0.1).astype(np.float32)
    gram, features = rows.T @ rows, torch.nn.functional.normalize(torch.randn(60, 5), dim=1)
    candidates = [
        np.sort(generator.choice(np.delete(np.arange(60), item), generator.integers(0, 20), replace=False))
        for item in range(60)
    ]
    penalty = torch.rand(60) + 2
    found = solve_columns(PairCounts(csr_matrix(np.triu(gram))), candidates, penalty, features, 3.0).toarray()
    whole = torch.from_numpy(gram).double() + 3 * (features @ features.T).double()
    for item, chosen in enumerate(candidates):
        inside = whole[chosen][:, chosen] + penalty[chosen].double().diag()
        wanted = torch.linalg.solve(inside, whole[chosen, item])
        np.testing.assert_allclose(found[chosen, item], wanted.numpy(), rtol=1e-4, atol=1e-6)
        assert np.count_nonzero(found[:, item]) == len(chosen)
