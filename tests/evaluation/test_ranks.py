"""Ranks and AUC against naive counting and scipy's Mann-Whitney statistic."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import mannwhitneyu

from ltgnn.evaluation.ranks import BOUNDS, RUN, count_in_order, count_true, places
from tests.evaluation.case import Case


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**31), width=st.integers(1, 2_500), levels=st.sampled_from([2, 10, 10_000]))
def test_places_equal_counting(seed: int, width: int, levels: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    scores = torch.randint(-levels, levels, (5, width), generator=generator) / 3
    scores[torch.rand(scores.shape, generator=generator) < 0.1] = -torch.inf
    counts = torch.randint(0, 2 * BOUNDS, (5,), generator=generator).sort(descending=True).values
    items = torch.randint(0, width, (int(counts.sum()),), generator=generator)
    rows = torch.repeat_interleave(counts)
    expected = scores[rows, items]
    ends = torch.cumsum(counts, 0)
    values, above, equal, candidates = places(scores, counts, items)
    assert torch.equal(values, expected)
    assert torch.equal(above, (scores[rows] > expected[:, None]).sum(1))
    assert torch.equal(equal, (scores[rows] == expected[:, None]).sum(1))
    assert torch.equal(candidates, (scores > -torch.inf).sum(1))
    on_a_gpu = count_in_order(scores, values, ends - counts, ends)  # the same code, on the tensors of the CPU
    assert all(map(torch.equal, on_a_gpu, (above, above + equal, candidates)))


@pytest.mark.parametrize("threads", [1, 3])
def test_places_do_not_depend_on_the_number_of_threads(threads: int) -> None:
    before = torch.get_num_threads()
    generator = torch.Generator().manual_seed(0)
    scores, items = torch.randn(7, 90, generator=generator), torch.arange(28)
    counts = torch.arange(7).flip(0) + 1
    expected = places(scores, counts, items)
    torch.set_num_threads(threads)
    try:
        assert all(map(torch.equal, places(scores, counts, items), expected))
    finally:
        torch.set_num_threads(before)


def test_counting_eight_at_a_time_holds_for_full_rows() -> None:
    full = np.ones((2, 300 * RUN), dtype=np.bool_)
    full[1, 7] = False
    assert count_true(full).tolist() == [300 * RUN, 300 * RUN - 1]


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**31), levels=st.sampled_from([1, 3, 10**6]))
def test_auc_equals_mann_whitney_over_all_negatives(seed: int, levels: int) -> None:
    case = Case(seed)
    case.scores = (case.scores * levels).floor()
    result = case.evaluate(ks=[5])
    tail = case.groups["toy"].labels == 2
    for place, user in enumerate(result.lists.users.tolist()):
        candidates = torch.ones(23, dtype=torch.bool)
        candidates[case.seen.items[case.seen.users == user]] = False
        wanted = torch.zeros(23, dtype=torch.bool)
        wanted[case.held_out.items[case.held_out.users == user]] = True
        negatives = case.scores[user][candidates & ~wanted].numpy()
        for name, positives in (("auc", wanted), ("toy/tail/auc", wanted & tail)):
            if name not in result.per_user:
                continue
            got = float(result.per_user[name][place])
            if not len(negatives) or not positives.any():
                assert got != got
                continue
            u = mannwhitneyu(case.scores[user][positives].numpy(), negatives).statistic
            assert got == pytest.approx(u / (int(positives.sum()) * len(negatives)), abs=1e-12)


def test_a_held_out_item_that_is_no_candidate_beats_nothing() -> None:
    case = Case(0)
    case.scores[case.held_out.users, case.held_out.items] = -torch.inf
    result = case.evaluate(ks=[5])
    assert result.values["auc"] == 0
    assert result.values["recall@5"] == 0
