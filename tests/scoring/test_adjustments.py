"""Post-hoc score adjustments: scores from item features and popularity, added to a model's without retraining it."""

from __future__ import annotations

import math

import pytest
import torch

from ltgnn.scoring.adjustments import ContentMatch, ContentProfile, PopularityCorrection
from ltgnn.types import UserError
from tests.scoring.score_function_case import COUNTS, EVERYONE, TRAIN, I, U

TEXT = torch.randn(I, 6, generator=torch.Generator().manual_seed(1))


def histories() -> list[list[int]]:
    return [TRAIN.items[TRAIN.users == user].tolist() for user in range(U)]


def cosines() -> list[list[float]]:
    return [[float(torch.cosine_similarity(TEXT[i], TEXT[j], dim=0)) for j in range(I)] for i in range(I)]


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


def test_text_is_asked_for() -> None:
    for build in (lambda: ContentMatch(TRAIN, None, 1, 1, 0, 0), lambda: ContentProfile(TRAIN, None, 1, 0)):
        with pytest.raises(UserError, match="Set features=minilm"):
            build()
