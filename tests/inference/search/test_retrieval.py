"""Words, fusion and search against naive loops and hand values."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from ltgnn.inference.search.rank_fusion import leading
from ltgnn.inference.search.retrieval import LONGEST, Dense, check_query, with_taste
from ltgnn.types import UserError
from tests.inference.search.retrieval_case import TEXTS, search
from tests.toy import Words as WordVectors


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
