"""Hydra's errors on keys, as one message with the nearest key that there is."""

from __future__ import annotations

import pytest

from ltgnn.config.suggestions import no_group_below
from tests.config.suggestions_case import refused


@pytest.mark.parametrize("word", ["model.encoder.foo=1", "zzz=1", "optim.betas=1"])
def test_nothing_near_is_not_made_up(word: str) -> None:
    text = refused(word)
    assert "Did you mean" not in text
    assert f"{word.partition('.')[0].partition('=')[0]}=" not in text.partition("there is no such key.")[2]


KEY = "features/transform"


@pytest.mark.parametrize(
    ("features", "said"),
    [
        (
            "none",
            "features/transform=whiten given, but features=none has no transform to choose. Leave out " + KEY + "=.",
        ),
        (
            "minilm_numbers",
            "features/transform=whiten given, but features=minilm_numbers has no transform to choose. Of one of its "
            "parts: features/transform@features.parts.text.transform=whiten or "
            "features/transform@features.parts.numbers.transform=whiten.",
        ),
        (
            "minilm,none,tfidf",
            "features/transform=whiten given, but features=none has no transform to choose. Of a sweep, leave out "
            "features=none, and run it in another without features/transform=.",
        ),
    ],
)
def test_names_the_option_that_has_none(features: str, said: str) -> None:
    assert no_group_below(KEY, ["fusion=sum", f"features={features}", f"{KEY}=whiten"], "train", None) == said
