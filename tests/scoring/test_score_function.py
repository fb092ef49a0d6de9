"""Scores of encodings, and every adjustment against a naive loop over its definition."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from torch import Tensor

from ltgnn.scoring.adjustments import ContentMatch, ContentProfile, PopularityCorrection
from ltgnn.scoring.aggregation import TagCF
from ltgnn.scoring.score_function import Fit, Scoring
from ltgnn.types import Encoded, Evaluation, Interactions, Scorer, TopK, UserError, as_scorer
from tests.conftest import random_interactions

U, I = 8, 11  # noqa: E741
TRAIN = random_interactions(U, I - 1, 0.3, seed=4)
TRAIN = Interactions(TRAIN.users, TRAIN.items, U, I)  # the last item is cold
COUNTS = TRAIN.item_counts.tolist()
TEXT = torch.randn(I, 6, generator=torch.Generator().manual_seed(1))
STATES = Encoded(torch.randn(U, 4), torch.randn(I, 4), ())
EVERYONE = torch.arange(U)


def histories() -> list[list[int]]:
    return [TRAIN.items[TRAIN.users == user].tolist() for user in range(U)]


def cosines() -> list[list[float]]:
    return [[float(torch.cosine_similarity(TEXT[i], TEXT[j], dim=0)) for j in range(I)] for i in range(I)]


def scoring(**options: Any) -> Scoring:
    return Scoring(**{"norm_power": 1.0, "adjustments": {}, "aggregation": None, "fit": None} | options)


@pytest.mark.parametrize("power", [0.0, 0.4, 1.0])
def test_norm_power(power: float) -> None:
    score = scoring(norm_power=power).fit(TRAIN, None)
    found = score.over(score.of(STATES))(EVERYONE)
    for user in range(U):
        for item in range(I):
            a, b = STATES.users[user], STATES.items[item]
            wanted = float(torch.cosine_similarity(a, b, dim=0) * a.norm() * b.norm() ** power)
            assert found[user, item].item() == pytest.approx(wanted, rel=1e-4, abs=1e-6)


@pytest.mark.parametrize(("history_power", "popularity_gate"), [(0.0, 0.0), (1.0, 0.5)])
def test_content_match(history_power: float, popularity_gate: float) -> None:
    similarity, wanted = cosines(), torch.zeros(U, I)
    for user, history in enumerate(histories()):
        for j in history:
            for i in sorted((i for i in range(I) if i != j), key=lambda i: -similarity[j][i])[:3]:
                gate = (1 + COUNTS[i]) ** -popularity_gate
                wanted[user, i] += 2.0 * len(history) ** -history_power * gate * similarity[j][i]
    found = ContentMatch(TRAIN, TEXT, 2.0, 3, history_power, popularity_gate)(EVERYONE)
    torch.testing.assert_close(found, wanted, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("popularity_gate", [0.0, 0.5])
def test_text_profile(popularity_gate: float) -> None:
    similarity = cosines()
    wanted = [
        [2.0 * (1 + COUNTS[i]) ** -popularity_gate * sum(similarity[j][i] for j in h) / len(h) for i in range(I)]
        for h in histories()
    ]
    found = ContentProfile(TRAIN, TEXT, 2.0, popularity_gate)(EVERYONE)
    torch.testing.assert_close(found, torch.tensor(wanted), rtol=1e-4, atol=1e-5)


def test_popularity_correction() -> None:
    found = PopularityCorrection(TRAIN, None, 0.3)(EVERYONE)
    torch.testing.assert_close(found[2], torch.tensor([-0.3 * math.log(1 + c) for c in COUNTS]))
    assert found[:, -1].abs().max() == 0  # a cold item loses nothing


@pytest.mark.parametrize(("max_count", "items"), [(None, True), (3, True), (None, False)])
def test_tag_cf(max_count: int | None, items: bool) -> None:
    users, table = STATES.users.clone(), STATES.items.clone()
    per_user = TRAIN.user_counts.tolist()
    for user, item in zip(TRAIN.users.tolist(), TRAIN.items.tolist(), strict=True):
        edge = 0.7 * per_user[user] ** -1.0 * COUNTS[item] ** -0.5
        if max_count is None or per_user[user] <= max_count:
            users[user] += edge * STATES.items[item]
        if items and (max_count is None or COUNTS[item] <= max_count):
            table[item] += edge * STATES.users[user]
    found = TagCF(0.7, -1, -0.5, max_count, items)(STATES, TRAIN)
    torch.testing.assert_close(found.users, users, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(found.items, table, rtol=1e-4, atol=1e-5)
    score = scoring(aggregation=TagCF(0.7, -1, -0.5, max_count, items)).fit(TRAIN, None)
    torch.testing.assert_close(score.of(STATES)(EVERYONE), users @ table.T, rtol=1e-4, atol=1e-5)


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


def test_text_is_asked_for() -> None:
    for build in (lambda: ContentMatch(TRAIN, None, 1, 1, 0, 0), lambda: ContentProfile(TRAIN, None, 1, 0)):
        with pytest.raises(UserError, match="Set features=minilm"):
            build()
