"""Words, fusion and search against naive loops and hand values."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from ltgnn.inference.search.bm25 import Words, words
from ltgnn.inference.search.rank_fusion import ReciprocalRank, ZScore, leading
from ltgnn.inference.search.retrieval import LONGEST, Dense, Search, check_query, with_taste
from ltgnn.types import UserError
from tests.toy import Words as WordVectors

TEXTS = ["red wool socks", "waterproof hiking boots", "red hiking socks socks", "", "green tea 茶", "boots for the tea"]


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


def test_reciprocal_rank_by_hand() -> None:
    inf = math.inf
    scores = {"a": torch.tensor([3.0, 1.0, 2.0, -inf]), "b": torch.tensor([-inf, 5.0, 5.0, -inf])}
    fused = ReciprocalRank(60)(scores, {"b": 2.0})
    wanted = [1 / 61, 1 / 63 + 2 / 61, 1 / 62 + 2 / 62, -inf]  # the tie in b goes to the smaller number
    torch.testing.assert_close(fused, torch.tensor(wanted))
    assert (ReciprocalRank(60, depth=1)(scores, {}) > -inf).tolist() == [True, True, False, False]


def test_z_score_by_hand() -> None:
    inf = math.inf
    scores = {"a": torch.tensor([4.0, 0.0, 2.0, -inf]), "b": torch.tensor([-inf, 1.0, 1.0, -inf])}
    z = math.sqrt(1.5)  # (4 - 2) / sqrt(8 / 3)
    torch.testing.assert_close(ZScore()(scores, {"a": 3.0}), torch.tensor([3 * z, -3 * z, 0.0, -inf]))
    nothing = {"a": torch.full((4,), -inf)}
    assert (ZScore()(nothing, {}) == -inf).all()
    assert (ReciprocalRank()(nothing, {}) == -inf).all()


@settings(deadline=None, max_examples=50)
@given(st.lists(st.sampled_from([-math.inf, 0.0, 1.0, 1.5, 2.0]), min_size=1, max_size=20), st.integers(1, 25))
def test_leading_is_a_stable_sort(scores: list[float], depth: int) -> None:
    found = [place for place in range(len(scores)) if scores[place] > -math.inf]
    wanted = sorted(found, key=lambda place: (-scores[place], place))[:depth]
    assert leading(torch.tensor(scores), depth).tolist() == wanted


def test_dense_is_the_cosine_and_empty_vectors_are_not_found() -> None:
    read = WordVectors(16)
    dense = Dense(read, read(TEXTS))
    scores = dense("red socks")
    query = read(["red socks"])[0]
    for item, text in enumerate(TEXTS):
        vector = read([text])[0]
        wanted = torch.dot(query, vector) / (query.norm() * vector.norm()) if text else torch.tensor(-math.inf)
        torch.testing.assert_close(scores[item], wanted)
    assert (Dense(lambda texts: torch.zeros(1, 16), read(TEXTS))("x") == -math.inf).all()


def search() -> Search:
    read = WordVectors(16)
    return Search({"words": Words(TEXTS), "text": Dense(read, read(TEXTS))}, ReciprocalRank())


def test_search_fuses_and_says_by_what() -> None:
    hits = search()("red socks", 3)
    assert {hits[0].item, hits[1].item} == {0, 2}
    fused = ReciprocalRank()({name: r("red socks") for name, r in search().retrievers.items()}, {})
    for hit in hits:
        assert hit.score == pytest.approx(float(fused[hit.item]))
        assert hit.by["text"] == pytest.approx(float(search().retrievers["text"]("red socks")[hit.item]))
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
    nowhere = search()("nowhere", 10)  # a word of no text: found by the vectors alone, which all texts but one have
    cosines = search().retrievers["text"]("nowhere")
    assert [hit.item for hit in nowhere] == leading(cosines, 10).tolist()
    assert len(nowhere) == 5
    assert [set(hit.by) for hit in nowhere] == [{"text"}] * 5


@pytest.mark.parametrize("query", ["", "   \t\n", "a" * (LONGEST + 1)])
def test_bad_queries_are_mistakes(query: str) -> None:
    with pytest.raises(UserError, match="query"):
        search()(query, 3)


def test_the_longest_query_and_strange_signs_are_answered() -> None:
    assert search()("socks " * (LONGEST // 6), 3)
    assert check_query(" a\ud800b \n c") == "a?b c"
    search()("\0 \x1c", 3)
    search()("<script>alert(1)</script> '; DROP TABLE -- \U0001f9e6", 3)
    for k in (0, -1, 1001):
        with pytest.raises(UserError, match="k="):
            search()("socks", k)


def test_taste_reorders_what_was_found_and_brings_nothing_in() -> None:
    relevance = torch.tensor([1.0, 0.9, -math.inf, 0.8])
    taste = torch.tensor([0.0, 5.0, 99.0, -math.inf])
    total = with_taste(relevance, taste, 10.0)
    assert total[2] == -math.inf
    assert leading(total, 4).tolist() == [1, 3, 0]  # item 3, without a taste score, stands at the mean

    def z(values: list[float], value: float) -> float:
        mean = sum(values) / len(values)
        return (value - mean) / math.sqrt(sum((v - mean) ** 2 for v in values) / len(values))

    assert float(total[1]) == pytest.approx(z([1.0, 0.9, 0.8], 0.9) + 10 * z([0.0, 5.0], 5.0), abs=1e-5)
    same: Tensor = with_taste(relevance, taste, 0.0)
    assert leading(same, 4).tolist() == leading(relevance, 4).tolist()
