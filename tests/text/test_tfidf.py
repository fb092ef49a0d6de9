"""TF-IDF + SVD against a dense computation by hand."""

import math

import numpy as np
import pytest

from ltgnn.text.tfidf import TfidfSvd
from ltgnn.types import Mistake

TEXTS = ["red soap", "Red soap, red!", "blue soap", "comb", "blue comb for hair", ""]


def dense_tfidf(texts: list[str]) -> np.ndarray:
    """(1 + log tf) (log((1 + n) / (1 + df)) + 1), rows of length 1: scikit-learn's documented formula."""
    docs = [text.lower().replace(",", "").replace("!", "").split() for text in texts]
    words = sorted({word for doc in docs for word in doc})
    table = np.zeros((len(docs), len(words)))
    for row, doc in enumerate(docs):
        for column, word in enumerate(words):
            if word in doc:
                frequency = sum(word in other for other in docs)
                table[row, column] = (1 + math.log(doc.count(word))) * (math.log((1 + len(docs)) / (1 + frequency)) + 1)
    return table / np.maximum(np.linalg.norm(table, axis=1, keepdims=True), 1e-12)


def test_directions_are_those_of_the_dense_svd() -> None:
    values = TfidfSvd(dim=3, ngrams=1, min_df=1, max_words=None, seed=0)(TEXTS).numpy()
    left, spread, _ = np.linalg.svd(dense_tfidf(TEXTS), full_matrices=False)
    np.testing.assert_allclose(np.abs(values), np.abs(left[:, :3] * spread[:3]), atol=1e-6)
    assert np.abs(values[5]).max() < 1e-6  # nothing said of the empty text


def test_no_more_dimensions_than_texts_or_words_allow() -> None:
    assert TfidfSvd(dim=300, ngrams=1, min_df=1, max_words=None, seed=0)(TEXTS).shape == (6, 5)


def test_identity_names_every_option() -> None:
    options = {"dim": 3, "ngrams": 2, "min_df": 1, "max_words": 9, "seed": 0}
    assert TfidfSvd(**options).identity == {"class": "TfidfSvd", **options}


def test_no_words_is_a_mistake() -> None:
    with pytest.raises(Mistake, match=r"text.encoder.min_df"):
        TfidfSvd(dim=2, ngrams=1, min_df=5, max_words=None, seed=0)(TEXTS)
    with pytest.raises(Mistake, match="too few"):
        TfidfSvd(dim=2, ngrams=1, min_df=1, max_words=None, seed=0)(["a", "a"])
