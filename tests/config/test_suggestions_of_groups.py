"""A group below another, of an option that has none."""

from __future__ import annotations

import pytest

from ltgnn.config.suggestions import no_group_below

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
