"""Several rankings of the same items made one."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ltgnn.inference.search.rank_fusion import ReciprocalRank, ZScore, leading
from tests.inference.search.retrieval_case import search


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
