"""Overrides as they were typed."""

from __future__ import annotations

from ltgnn.runs.override_words import override_values, split_overrides


def test_keys_and_values() -> None:
    words = ["fusion=sum", "+x=1", "~callbacks.stop", "a.b=c=d"]
    assert override_values(words) == {"fusion": "sum", "x": "1", "a.b": "c=d"}


def test_a_value_with_blanks_stays_one_word() -> None:
    words = ["loss=bpr", "data.template='{title} by {author}'", "hydra/launcher=pool", "+tags=[a, b]"]
    assert split_overrides(" ".join(words)) == words
    assert split_overrides("") == []
