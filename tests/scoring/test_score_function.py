"""Scores of encodings, and every adjustment against a naive loop over its definition."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from ltgnn.scoring.score_function import Fit
from ltgnn.types import Evaluation, Interactions, Scorer, TopK, UserError, as_scorer
from tests.scoring.score_function_case import EVERYONE, STATES, TRAIN, I, U, scoring


@pytest.mark.parametrize("power", [0.0, 0.4, 1.0])
def test_norm_power(power: float) -> None:
    score = scoring(norm_power=power).fit(TRAIN, None)
    found = score.over(score.of(STATES))(EVERYONE)
    for user in range(U):
        for item in range(I):
            a, b = STATES.users[user], STATES.items[item]
            wanted = float(torch.cosine_similarity(a, b, dim=0) * a.norm() * b.norm() ** power)
            assert found[user, item].item() == pytest.approx(wanted, rel=1e-4, abs=1e-6)


def test_adjustments_are_added_and_their_strength_is_fitted() -> None:
    def plus_one(train: Interactions, text: Tensor | None) -> Scorer:
        return lambda users: torch.ones(len(users), I)

    base = as_scorer(lambda users: torch.zeros(len(users), I))
    asked = []

    class JudgeOfLevels:
        def __call__(self, scorer: Scorer, device: object = "cpu", monitor: str | None = None) -> Evaluation:
            level = float(scorer(EVERYONE)[0, 0])
            asked.append(level)
            return Evaluation({str(monitor): -((level - 2.2) ** 2)}, {}, TopK(EVERYONE, EVERYONE, EVERYONE))

        def smaller(self, name: str) -> bool:
            return False

    judge = JudgeOfLevels()

    adjustments = {"one": plus_one, "two": plus_one, "off": None}
    score = scoring(adjustments=adjustments, fit=Fit([0, 0.5, 1, 2], "ndcg@20")).fit(TRAIN, None)
    assert score.over(base)(EVERYONE)[0, 0] == 2  # as given, without a judge
    assert score.over(base, judge)(EVERYONE)[0, 0] == 2  # factor 1 of {0, .5, 1, 2} x 2 is nearest to 2.2
    assert asked == [0, 1, 2, 4]
    assert score.factor == 1
    with pytest.raises(UserError, match="score=content"):
        scoring(fit=Fit([1], "ndcg@20"))
