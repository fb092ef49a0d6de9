"""Statistics against scipy, hand values, and simulation: error rates at their level, intervals that cover."""

from __future__ import annotations

from itertools import product
from math import sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats as scipy_stats

from ltgnn.analysis import significance as stats
from ltgnn.analysis.significance import Array, Bootstrap


def several(p: float, simulations: int) -> float:
    """Four standard errors of a simulated rate: chance strays farther once in 16,000."""
    return 4 * sqrt(p * (1 - p) / simulations)


def null(rng: np.random.Generator, n: int) -> Array:
    """Differences as recommender users have them: most are 0, the rest symmetric and rough."""
    return np.where(rng.random(n) < 0.6, 0.0, rng.normal(size=n) * rng.exponential(size=n))


@pytest.mark.parametrize("test", ["t", "wilcoxon", "permutation", "bootstrap"])
def test_false_positives_come_at_their_level(test: str) -> None:
    rng, simulations, level = np.random.default_rng(1), 800, 0.05
    false = 0
    for _ in range(simulations):
        d = null(rng, 80)
        p = {
            "t": lambda d: stats.t_test(d),
            "wilcoxon": lambda d: stats.wilcoxon_test(d),
            "permutation": lambda d: stats.permutation_tests(d[:, None], 199, 0)[0],
            "bootstrap": lambda d: Bootstrap.of(d[:, None], 199, 0).p(0),
        }[test](d)
        false += p <= level
    assert abs(false / simulations - level) < several(level, simulations)


@pytest.mark.parametrize("test", ["t", "wilcoxon", "permutation", "bootstrap"])
def test_real_differences_are_found(test: str) -> None:
    rng = np.random.default_rng(2)
    d = null(rng, 2_000) + 0.1
    p = {
        "t": stats.t_test(d),
        "wilcoxon": stats.wilcoxon_test(d),
        "permutation": float(stats.permutation_tests(d[:, None], 999, 0)[0]),
        "bootstrap": Bootstrap.of(d[:, None], 999, 0).p(0),
    }[test]
    assert p < 0.01


def test_bootstrap_intervals_cover_the_truth() -> None:
    rng, simulations, level = np.random.default_rng(3), 600, 0.9
    inside = 0
    for _ in range(simulations):
        interval = Bootstrap.of(rng.exponential(size=(150, 1)), 399, 0).interval(0, level)
        inside += interval.lower <= 1.0 <= interval.upper
    assert abs(inside / simulations - level) < several(level, simulations)


@pytest.mark.parametrize(("users_sd", "seeds_sd"), [(1.0, 0.0), (1.0, 0.05), (0.2, 0.2)])
def test_intervals_over_users_and_seeds_cover_the_truth(users_sd: float, seeds_sd: float) -> None:
    """Two models of equal quality, 5 seeds each; a user's taste is shared, a seed shifts a whole run."""
    rng, simulations, level, users, seeds = np.random.default_rng(4), 500, 0.9, 200, 5
    inside = 0
    for _ in range(simulations):
        d = rng.normal(size=users) * users_sd
        base, new = (rng.normal(size=seeds) * seeds_sd for _ in range(2))
        over_users = Bootstrap.of((d + new.mean() - base.mean())[:, None], 299, 0).interval(0, level)
        both = stats.combine(over_users, stats.over_seeds(base, new, level))
        inside += both.lower <= 0.0 <= both.upper
    assert inside / simulations > level - several(level, simulations)
    assert inside / simulations < level + 0.07  # not so wide that it covers anything


@pytest.mark.parametrize(("users_sd", "seeds_sd"), [(1.0, 0.0), (1.0, 0.05), (0.2, 0.2)])
def test_pooled_test_keeps_its_level_over_users_and_seeds(users_sd: float, seeds_sd: float) -> None:
    rng, simulations, level, users, seeds = np.random.default_rng(8), 2_000, 0.05, 200, 3
    false = 0
    for _ in range(simulations):
        base, new = (rng.normal(size=seeds) * seeds_sd for _ in range(2))
        d = rng.normal(size=users) * users_sd + new.mean() - base.mean()
        false += stats.pooled_test(d, base, new) <= level  # type: ignore[operator]
    assert false / simulations < level + several(level, simulations)
    assert false / simulations > 0.02  # nor is it blind


def test_pooled_test_has_the_t_tests_at_its_ends() -> None:
    rng = np.random.default_rng(9)
    d, base, new = rng.normal(0.1, 1, 40), rng.normal(size=4), rng.normal(0.5, 2, 5)
    one = np.array([0.3])
    assert stats.pooled_test(np.append(d, np.nan), one, one) == pytest.approx(scipy_stats.ttest_1samp(d, 0).pvalue)
    theirs = scipy_stats.ttest_ind(new, base, equal_var=False).pvalue
    assert stats.pooled_test(None, base, new) == pytest.approx(theirs)
    assert stats.pooled_test(None, one, one) is None
    still = np.full(3, 0.25)
    assert (stats.pooled_test(None, still, still), stats.pooled_test(None, still, still + 0.5)) == (1, 0)


def test_welch_width_of_seeds_equals_scipy() -> None:
    base, new = np.array([0.1, 0.14, 0.11, 0.12]), np.array([0.2, 0.26, 0.21])
    theirs = scipy_stats.ttest_ind(new, base, equal_var=False).confidence_interval(0.95)
    width = stats.over_seeds(base, new, 0.95)
    assert new.mean() - base.mean() - width == pytest.approx(theirs.low, abs=1e-12)
    single = scipy_stats.ttest_1samp(new, 0.1).confidence_interval(0.95)  # a closed form on the other side
    assert new.mean() - stats.over_seeds(base[:1], new, 0.95) == pytest.approx(single.low, abs=1e-12)
    assert stats.over_seeds(base[:1], new[:1], 0.95) == 0
    assert stats.over_seeds(base[:1], np.full(5, 0.3), 0.95) == 0


def test_combined_adds_distances_in_squares() -> None:
    assert stats.combine(stats.Interval(1.0, 0.7, 1.5), 0.4) == stats.Interval(1.0, 0.5, 1 + sqrt(0.5**2 + 0.4**2))


def test_bootstrap_of_all_samples_by_hand() -> None:
    """Of two users with 0 and 1, a quarter of the samples has mean 0, half 1/2, a quarter 1."""
    drawn = Bootstrap.of(np.array([[0.0], [1.0]]), 40_000, 0)
    values, counts = np.unique(drawn.means, return_counts=True)
    assert values.tolist() == [0, 0.5, 1]
    np.testing.assert_allclose(counts / 40_000, [0.25, 0.5, 0.25], atol=0.01)


def test_columns_of_the_bootstrap_are_paired_and_leave_out_users_without_a_value() -> None:
    rng = np.random.default_rng(5)
    a = rng.normal(size=50)
    b = np.where(np.arange(50) < 20, np.nan, a)
    drawn = Bootstrap.of(np.stack([a, 2 * a + 1, b], axis=1), 500, 0)
    np.testing.assert_allclose(drawn.means[:, 1], 2 * drawn.means[:, 0] + 1, atol=1e-12)
    assert drawn.interval(2, 0.9).estimate == pytest.approx(a[20:].mean())
    alone = drawn.means[:, 2].std()
    assert alone == pytest.approx(a[20:].std() / sqrt(30), rel=0.15)


def test_p_values_equal_scipy() -> None:
    d = np.random.default_rng(6).normal(0.2, 1, size=60)
    holes = np.append(d, np.nan)
    assert stats.t_test(holes) == pytest.approx(scipy_stats.ttest_1samp(d, 0).pvalue)
    assert stats.wilcoxon_test(holes) == pytest.approx(scipy_stats.wilcoxon(d).pvalue)
    few = d[:16]  # all 2^16 signs on their side, drawn ones on ours
    theirs = scipy_stats.permutation_test(
        (few,), lambda x, axis: x.mean(axis), permutation_type="samples", n_resamples=np.inf
    )
    drawn = np.append(few, np.nan)[:, None]
    assert stats.permutation_tests(drawn, 9_999, 0)[0] == pytest.approx(theirs.pvalue, abs=0.02)


@settings(max_examples=30, deadline=None)
@given(d=st.lists(st.integers(-5, 5), min_size=1, max_size=7))
def test_permutation_of_few_is_exact(d: list[int]) -> None:
    sums = [abs(sum(s * x for s, x in zip(signs, d, strict=True))) for signs in product((1, -1), repeat=len(d))]
    expected = sum(s >= abs(sum(d)) for s in sums) / len(sums)
    assert stats.permutation_tests(np.array(d, dtype=float)[:, None], 0, 0)[0] == pytest.approx(expected)


def test_no_difference_at_all_is_no_finding() -> None:
    d = np.zeros(40)
    assert stats.t_test(d) == stats.wilcoxon_test(d) == stats.permutation_tests(d[:, None], 99, 0)[0] == 1
    assert Bootstrap.of(d[:, None], 99, 0).p(0) == 1
    assert stats.cohen(d) == stats.rank_biserial(d) == 0
    assert stats.wins(d) == (0, 0)


def test_holm_by_hand() -> None:
    p = np.array([0.01, 0.04, 0.03, 0.005])  # sorted .005 .01 .03 .04 -> times 4 3 2 1 -> .02 .03 .06 .04, then rising
    np.testing.assert_allclose(stats.holm(p), [0.03, 0.06, 0.06, 0.02])


@settings(max_examples=30, deadline=None)
@given(p=st.lists(st.floats(0, 1), min_size=1, max_size=20))
def test_benjamini_hochberg_equals_scipy_and_holm_is_stricter(p: list[float]) -> None:
    raw = np.array(p)
    np.testing.assert_allclose(stats.benjamini_hochberg(raw), scipy_stats.false_discovery_control(raw), atol=1e-12)
    assert (stats.holm(raw) >= stats.benjamini_hochberg(raw) - 1e-12).all()
    assert (stats.benjamini_hochberg(raw) >= raw - 1e-12).all()


def test_corrections_hold_their_promise_in_simulation() -> None:
    """20 tests, 10 of them with a real effect. Holm: any false finding in 5 %; BH: 5 % of findings false on average."""
    rng, simulations = np.random.default_rng(7), 1_000
    any_false, share_false = 0, 0.0
    for _ in range(simulations):
        z = rng.normal(size=20) + np.repeat([0.0, 3.0], 10)
        p = 2 * scipy_stats.norm.sf(abs(z))
        any_false += (stats.holm(p)[:10] <= 0.05).any()
        found = stats.benjamini_hochberg(p) <= 0.05
        share_false += found[:10].sum() / max(1, found.sum())
    assert any_false / simulations < 0.05 + several(0.05, simulations)
    assert share_false / simulations < 0.05 + several(0.05, simulations)
    assert share_false / simulations > 0.01  # the correction is no wall either


def test_effect_sizes_by_hand() -> None:
    d = np.array([3.0, -1.0, 2.0, 0.0, np.nan])
    assert stats.cohen(d) == pytest.approx(1.0 / np.std([3, -1, 2, 0], ddof=1))
    assert stats.rank_biserial(d) == pytest.approx((3 - 1 + 2) / 6)
    assert stats.wins(d) == (0.5, 0.25)


def test_the_interval_of_pairs_is_students() -> None:
    d = np.array([0.3, 0.1, 0.25, 0.4, 0.2])
    wanted = scipy_stats.t.interval(0.95, 4, d.mean(), scipy_stats.sem(d))
    assert stats.over_pairs(d, 0.95) == pytest.approx((wanted[1] - wanted[0]) / 2)
    assert stats.over_pairs(d[:1], 0.95) == 0
