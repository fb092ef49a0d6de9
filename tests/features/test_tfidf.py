"""TF-IDF + SVD against a dense computation by hand."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import torch

from ltgnn.features.tfidf import TfidfSvd
from ltgnn.types import UserError
from tests.features.checks_case import dataset, features

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
    assert TfidfSvd(**options).identity.items() >= {"class": "TfidfSvd", **options}.items()


@pytest.mark.parametrize(
    "goods",
    [
        ["防水儿童保温杯", "防水儿童双肩包", "儿童红色保温杯", "无线蓝牙耳机", "蓝牙耳机红色", "登山鞋防水"],
        [
            "ワイヤレスイヤホン",
            "防水スマホケース",
            "青いワイヤレスマウス",
            "スマホスタンド",
            "イヤホンケース",
            "青いマウス",
        ],
        ["รองเท้าวิ่งผู้ชาย", "รองเท้าผู้หญิง", "กระเป๋าผู้หญิง", "กระเป๋าเดินทาง", "หูฟังไร้สาย", "เมาส์ไร้สาย"],
        ["ເກີບແລ່ນຊາຍ", "ເກີບແມ່ຍິງ", "ກະເປົາແມ່ຍິງ", "ກະເປົາເດີນທາງ"],
        ["ស្បែកជើងបុរស", "ស្បែកជើងនារី", "កាបូបនារី", "កាបូបធ្វើដំណើរ"],
        ["ယောက်ျားဖိနပ်", "အမျိုးသမီးဖိနပ်", "အမျိုးသမီးအိတ်", "ခရီးဆောင်အိတ်"],
    ],
)
def test_titles_without_blanks_are_told_apart_by_what_they_share(goods: list[str]) -> None:
    encoder = TfidfSvd(dim=3, ngrams=1, min_df=2, max_words=None, seed=0)
    values = encoder(goods)
    assert values.any(1).all()  # words alone: no word occurs in two titles, all rows are 0
    cosine = torch.nn.functional.cosine_similarity(values[0], values, dim=1)
    assert cosine[1] > cosine[3]  # shares signs with the first; the fourth shares fewer or none
    torch.testing.assert_close(encoder.queries(goods, None)(goods), values, atol=1e-5, rtol=1e-4)


def test_texts_of_words_have_the_vocabulary_of_scikit_learn() -> None:
    from sklearn.feature_extraction.text import TfidfVectorizer

    texts = ["Café_1 x-ray, naïve", "ẞtraße 2nd ÜBER über", "Ελλάδα в Москве", "한국어 책 हिन्दी عربي"]
    plain = TfidfVectorizer(
        ngram_range=(1, 2), sublinear_tf=True, token_pattern=r"(?u)\b\w+\b", strip_accents="unicode"
    )
    wanted = plain.fit_transform(texts)
    ours, counts, _ = TfidfSvd(dim=2, ngrams=2, min_df=1, max_words=None, seed=0)._words(texts)
    assert ours.vocabulary_ == plain.vocabulary_
    assert (counts != wanted).nnz == 0


def test_no_words_is_a_mistake() -> None:
    with pytest.raises(UserError, match=r"features.encoder.min_df"):
        TfidfSvd(dim=2, ngrams=1, min_df=5, max_words=None, seed=0)(TEXTS)
    with pytest.raises(UserError, match="too few"):
        TfidfSvd(dim=2, ngrams=1, min_df=1, max_words=None, seed=0)(["a", "a"])


def test_texts_without_blanks_are_no_longer_zero(tmp_path: Path) -> None:
    titles = ["防水儿童保温杯", "儿童红色保温杯", "无线蓝牙耳机", "蓝牙耳机红色"]
    card = features(TfidfSvd(2, 1, 2, None, 0), tmp_path, dataset(titles)).card
    assert card["features"]["zero"] == 0
    assert card["warnings"] == []
    alone = ["one", "two", "three three", "two three"]
    card = features(TfidfSvd(1, 1, 2, None, 0), tmp_path, dataset(alone)).card
    assert "25.0% of the items have all-zero features" in card["warnings"][0]
