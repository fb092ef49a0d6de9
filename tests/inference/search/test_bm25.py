"""Keyword retrieval: BM25 and its tokenizer."""

from __future__ import annotations

import math

import pytest
import torch

from ltgnn.inference.search.bm25 import Words, words
from ltgnn.types import UserError
from tests.inference.search.retrieval_case import TEXTS


def naive_bm25(query: str, texts: list[str], k1: float = 1.5, b: float = 0.75) -> list[float]:
    tokens = [words(text) for text in texts]
    mean = sum(map(len, tokens)) / len(tokens)
    scores = []
    for text in tokens:
        score = 0.0
        for word in words(query):
            n = sum(word in other for other in tokens)
            f = text.count(word)
            score += math.log(1 + (len(texts) - n + 0.5) / (n + 0.5)) * f / (f + k1 * (1 - b + b * len(text) / mean))
        scores.append(score if score > 0 else -math.inf)
    return scores


@pytest.mark.parametrize("query", ["red socks", "hiking", "tea 茶 tea", "Réd WOOL!", "unknown boots"])
def test_words_are_bm25(query: str) -> None:
    torch.testing.assert_close(Words(TEXTS)(query), torch.tensor(naive_bm25(query, TEXTS)), atol=1e-5, rtol=1e-5)


def test_what_a_word_is() -> None:
    assert words("Crème brûlée, 3-in-1!  Ärger_x 雪花秀 SET") == [
        "creme", "brulee", "3", "in", "1", "arger", "x", "雪", "花", "秀", "雪花", "花秀", "set",
    ]  # fmt: skip
    assert words("... !!") == []
    found = Words(TEXTS)("!!! unseen")
    assert (found == -torch.inf).all()
    with pytest.raises(UserError, match="none of the texts contains a word"):
        Words(["", "!!"])
