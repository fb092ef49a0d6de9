"""Lists from scores that are nearly all 0: only the others are made and sorted."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import random as random_sparse

from ltgnn.evaluation import topk
from ltgnn.evaluation.sparse_topk import SparseTopK
from ltgnn.models.closed_form.matrix import binary
from ltgnn.scoring.item_weights import SparseItemItemWeights
from ltgnn.scoring.masked import MaskedScorer
from ltgnn.types import UserError
from tests.conftest import random_interactions

USERS, ITEMS = 40, 300


def scorer(seed: int, density: float, levels: int) -> SparseItemItemWeights:
    """Weights of both signs with many ties."""
    train = random_interactions(USERS, ITEMS, 0.02, seed=seed)
    weights = random_sparse(ITEMS, ITEMS, density, "csr", dtype="float32", random_state=seed)
    weights.data = ((weights.data * 2 - 0.5) * levels).round() / levels
    scale = torch.rand(USERS, generator=torch.Generator().manual_seed(seed)) + 0.1
    return SparseItemItemWeights(binary(train), weights, scale)


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 10**6), st.sampled_from([0.001, 0.02, 0.3]), st.sampled_from([2, 1000]), st.integers(1, 30))
def test_lists_are_those_of_all_scores(seed: int, density: float, levels: int, k: int) -> None:
    scores = scorer(seed, density, levels)
    candidates = torch.rand(ITEMS, generator=torch.Generator().manual_seed(seed)) < 0.8
    seen = random_interactions(USERS, ITEMS, 0.05, seed=seed + 1).by_user
    users = torch.randperm(USERS, generator=torch.Generator().manual_seed(seed))
    for given_scorer in (scores, MaskedScorer(scores, candidates)):
        dense = topk.top_k(given_scorer.scores, users, seen, ITEMS, k, 1.0)
        first = SparseTopK(scores.sparse_scores, users, given_scorer.candidates, k, 7)
        found = torch.empty(USERS, k, dtype=torch.int64), torch.empty(USERS, k)
        sure = topk.write_resolved(first, users, seen, *found)
        assert torch.equal(found[0][sure], dense.items[sure])
        assert torch.equal(found[1][sure], dense.scores[sure])
        tried = int(sure[:7].sum()) >= 3.5  # else the blocks behind the first are left
        assert torch.equal(sure, (dense.scores > 0).all(1) & (tried | (torch.arange(USERS) < 7)))


def test_a_large_catalogue_takes_this_way(monkeypatch: pytest.MonkeyPatch) -> None:
    scores, users, seen = (
        scorer(1, 0.3, 1000),
        torch.arange(USERS),
        random_interactions(USERS, ITEMS, 0.05, seed=2).by_user,
    )
    wanted = topk.top_k(scores.scores, users, seen, ITEMS, 3, 1.0)
    monkeypatch.setattr(SparseItemItemWeights, "scores", None)  # it would be an error to make all scores
    found = topk.top_k(scores, users, seen, ITEMS, 3, 1.0)
    assert torch.equal(found.items, wanted.items)
    assert torch.equal(found.scores, wanted.scores)
    assert topk.sparse_pass(scores, users, ITEMS, 4) is None


def test_nan_is_refused() -> None:
    scores = scorer(1, 0.3, 1000)
    scores.weights.data[:] = float("nan")
    with pytest.raises(UserError, match="nan"):
        topk.top_k(scores, torch.arange(USERS), random_interactions(USERS, ITEMS, 0.05, seed=2).by_user, ITEMS, 3, 1.0)
