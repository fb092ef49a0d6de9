"""Normalised scores of a user's candidates, which make the scores of different models comparable."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ltgnn.scoring.score_normalisation import ReciprocalRank, ZScore
from tests.scoring.ensemble_case import INF


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from([-2.0, -0.5, 0.0, 0.25, 1.0, 3.0, -INF]), min_size=1, max_size=9))
def test_standings_are_the_naive_loop(row: list[float]) -> None:
    candidates = [s for s in row if s > -INF]
    z, rank = ZScore()(torch.tensor([row]))[0].tolist(), ReciprocalRank(60)(torch.tensor([row]))[0].tolist()
    for place, score in enumerate(row):
        if score == -INF:
            assert z[place] == rank[place] == 0
            continue
        mean = sum(candidates) / len(candidates)
        sd = (sum((s - mean) ** 2 for s in candidates) / len(candidates)) ** 0.5
        assert z[place] == pytest.approx((score - mean) / sd if sd > 1e-9 else 0.0, abs=1e-5)
        assert rank[place] == pytest.approx(1 / (60 + 1 + sum(s > score for s in candidates)))
