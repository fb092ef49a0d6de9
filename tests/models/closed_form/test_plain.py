"""Scores without personalisation: popularity and chance."""

from __future__ import annotations

import torch

from ltgnn.models.closed_form.plain import Popularity, Random
from tests.models.closed_form_case import EVERYONE, NUM_ITEMS, NUM_USERS, TOY_TRAIN, scores_of, toy_matrix


def test_popularity_and_random() -> None:
    assert scores_of(Popularity(), None)[3].tolist() == toy_matrix().sum(0).tolist()
    scorer = Random(seed=1).fit(TOY_TRAIN, None)
    scores = scorer(EVERYONE)
    assert torch.equal(scores[5:9], scorer(EVERYONE[5:9]))
    assert scores.min() >= 0
    assert scores.max() < 1
    assert len(scores.unique()) == NUM_USERS * NUM_ITEMS
    assert abs(scores.mean() - 0.5) < 4 * (1 / 12 / scores.numel()) ** 0.5
    assert not torch.equal(scores, scores_of(Random(seed=2), None))
