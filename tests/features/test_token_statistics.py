"""Shares of tokens and texts, by hand."""

from __future__ import annotations

from ltgnn.features.token_statistics import SAMPLE, sample_texts, token_shares


def test_the_sample_is_spread_over_different_texts() -> None:
    texts = ["", *(str(number) for number in range(2 * SAMPLE)), "0"]
    found = sample_texts(texts)
    assert len(found) == SAMPLE
    assert found[:2] == ["0", "2"]


def test_shares_by_hand() -> None:
    texts = ["abc def", "мир"]
    tokens = [[5, 6, 7, 8], [1, 2, 3]]  # a token for each Cyrillic letter
    found = token_shares(texts, tokens, unknown=7, room=3, max_length=5)
    assert found == {"texts": 2, "max_length": 5, "cut": 0.5, "unknown": round(1 / 7, 6), "spelled": 0.5}
    assert token_shares([], [], 0, 3, 5) == {}
