"""Scores moved towards the tail, and scores of a history, against their formulas."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

import ltgnn
from ltgnn.inference.adjusted import of_history, towards_tail


def test_rare_items_gain_by_the_formula(runs: dict[str, Path]) -> None:
    served = ltgnn.load(runs["gnn"])
    assert towards_tail(served, 0) is served
    turned, users = towards_tail(served, 0.5), torch.tensor([0, 3])
    popular = served.split.train.item_counts.log1p()
    wanted = served.scorer(users) - 0.5 * served.score_deviation * popular
    torch.testing.assert_close(turned.scorer(users), wanted.float(), rtol=1e-4, atol=1e-5)
    with pytest.raises(ltgnn.UserError, match=r"tail=11 given, a number from -10 to 10 wanted"):
        towards_tail(served, 11)


def test_a_history_gets_none_of_its_own_items(runs: dict[str, Path]) -> None:
    scores = of_history(ltgnn.load(runs["gnn"]), [2, 5])
    assert scores[[2, 5]].tolist() == [-torch.inf, -torch.inf]
    assert torch.isfinite(scores).sum() > 40
