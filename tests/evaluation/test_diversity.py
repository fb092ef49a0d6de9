"""How different the items of a list are, how different the lists of users, and how true to a user's taste."""

from __future__ import annotations

from dataclasses import replace
from math import log

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import spearmanr
from torch_geometric.metrics import (
    LinkPredAveragePopularity,
    LinkPredCoverage,
    LinkPredDiversity,
    LinkPredPersonalization,
)

from ltgnn.evaluation import diversity, exposure, popularity
from tests.evaluation.beyond_accuracy_case import GROUPS, LISTS, random_case


def test_what_cannot_be_told_is_none_or_nan() -> None:
    bare = replace(LISTS, features=None, categories=None)
    assert diversity.text_diversity(bare) is None
    assert diversity.category_diversity(bare) is None
    assert diversity.miscalibration(bare, smoothing=0.01) is None
    one = LISTS.first(1)
    assert torch.isnan(popularity.pru(one)).all()
    assert torch.isnan(diversity.text_diversity(one)).all()  # type: ignore[arg-type]
    nothing = replace(LISTS, items=-torch.ones_like(LISTS.items), found=torch.zeros_like(LISTS.found))
    assert torch.isnan(popularity.arp(nothing)).all()
    assert torch.isnan(diversity.miscalibration(nothing, smoothing=0.01)).all()  # type: ignore[arg-type]
    assert diversity.personalisation(nothing) is None
    assert exposure.preo(nothing, GROUPS)[""] is None
    assert exposure.coverage(LISTS, replace(GROUPS, labels=torch.zeros(5, dtype=torch.int8)))["tail"] is None


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**31))
def test_agreement_with_torch_geometric_and_scipy(seed: int) -> None:
    lists = random_case(seed)
    k, num_items = 6, 15
    edges = torch.stack([lists.held_out.users, lists.held_out.items])
    assert lists.categories is not None
    for judge, mine in (
        (LinkPredCoverage(k, num_items), popularity.coverage(lists)),
        (LinkPredAveragePopularity(k, lists.train.item_counts), float(popularity.arp(lists).mean())),
        (LinkPredPersonalization(k), diversity.personalisation(lists)),
        (LinkPredDiversity(k, lists.categories[1]), float(diversity.category_diversity(lists).mean())),  # type: ignore[union-attr]
    ):
        judge.update(lists.items, edges)
        found = float(judge.compute())  # in float32
        assert mine == pytest.approx(found, rel=1e-6, abs=1e-6), type(judge).__name__
    for row, got in zip(lists.counts, popularity.pru(lists), strict=True):
        if row.unique().numel() > 1:
            assert -spearmanr(range(k), row.numpy()).statistic == pytest.approx(float(got), abs=1e-12)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**31))
def test_diversity_and_calibration_equal_loops_over_pairs(seed: int) -> None:
    lists = random_case(seed)
    assert lists.features is not None
    assert lists.categories is not None
    similarity = torch.nn.functional.cosine_similarity(lists.features[:, None], lists.features[None], dim=-1)
    genre = lists.categories[1]
    for u, row in enumerate(lists.items.tolist()):
        pairs = [(i, j) for i in row for j in row if i != j]
        expected = 1 - sum(float(similarity[i, j]) for i, j in pairs) / len(pairs)
        assert float(diversity.text_diversity(lists)[u]) == pytest.approx(expected, abs=1e-6)  # type: ignore[index]
        own = lists.train.items[lists.train.users == u]
        got = float(diversity.miscalibration(lists, smoothing=0.01)[u])  # type: ignore[index]
        if not own.numel():
            assert got != got
            continue
        p, q = (torch.bincount(genre[i], minlength=4).double() / len(i) for i in (own, lists.items[u]))
        kl = sum(float(a) * log(float(a) / (0.99 * float(b) + 0.01 * float(a))) for a, b in zip(p, q, strict=True) if a)
        assert got == pytest.approx(kl, abs=1e-12)
