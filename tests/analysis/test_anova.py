"""Analysis of variance against hand-worked sums of squares, scipy, and least squares of scikit-learn."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats as scipy_stats
from sklearn.linear_model import LinearRegression
from sklearn.preprocessing import OneHotEncoder

from ltgnn.analysis.anova import Effect, anova

VALUES = [1.0, 3, 2, 4, 5, 7, 10, 12]
AXES = {"loss": list("aaaabbbb"), "fusion": list("xxyyxxyy")}


def by_name(effects: Sequence[Effect]) -> dict[str, Effect]:
    return {effect.name: effect for effect in effects}


def test_two_by_two_with_two_seeds_by_hand() -> None:
    """Mean 5.5; means of loss 2.5 and 8.5, of fusion 4 and 7, of cells 2, 3, 6, 11; every run is 1 from its cell."""
    found = by_name(anova(VALUES, AXES))
    squares = {"loss": 8 * 9, "fusion": 8 * 1.5**2, "loss x fusion": 8, "residual": 8}
    assert {name: effect.squares for name, effect in found.items()} == pytest.approx(squares)
    assert {name: effect.share for name, effect in found.items()} == pytest.approx(
        {name: value / 106 for name, value in squares.items()}
    )
    assert [found[name].freedom for name in squares] == [1, 1, 1, 4]
    assert [found[name].f for name in squares] == [pytest.approx(36), pytest.approx(9), pytest.approx(4), None]
    assert found["fusion"].p == pytest.approx(scipy_stats.f.sf(9, 1, 4))


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**31), sizes=st.lists(st.integers(2, 6), min_size=2, max_size=4))
def test_one_axis_equals_scipy(seed: int, sizes: list[int]) -> None:
    rng = np.random.default_rng(seed)
    words = [str(group) for group, size in enumerate(sizes) for _ in range(size)]
    values = rng.normal(size=len(words))
    theirs = scipy_stats.f_oneway(*(values[np.array(words) == word] for word in set(words)))
    effect, _ = anova(values, {"axis": words, "constant": ["same"] * len(words)})
    assert effect.f == pytest.approx(theirs.statistic)
    assert effect.p == pytest.approx(theirs.pvalue)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**31), runs=st.integers(12, 30))
def test_uneven_runs_equal_nested_least_squares(seed: int, runs: int) -> None:
    rng = np.random.default_rng(seed)
    axes = {name: [str(word) for word in rng.integers(0, 3, runs)] for name in ("a", "b")}
    values = rng.normal(size=runs)

    def left(*columns: Sequence[str]) -> float:
        design = OneHotEncoder(drop="first", sparse_output=False).fit_transform(np.array(columns).T)
        return float(np.square(values - LinearRegression().fit(design, values).predict(design)).sum())

    found = by_name(anova(values, axes))
    assert found["a"].squares == pytest.approx(left(axes["b"]) - left(axes["a"], axes["b"]), abs=1e-9)
    assert found["b"].squares == pytest.approx(left(axes["a"]) - left(axes["a"], axes["b"]), abs=1e-9)
    cells = [f"{a}{b}" for a, b in zip(axes["a"], axes["b"], strict=True)]
    assert found["residual"].squares == pytest.approx(left(cells), abs=1e-9)
    assert found["residual"].freedom == runs - len(set(cells))


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**31))
def test_effects_of_a_full_grid_add_up_and_do_not_depend_on_order_or_names(seed: int) -> None:
    rng = np.random.default_rng(seed)
    grid = list(product("ab", "xyz", "12", range(2)))
    values = rng.normal(size=len(grid))
    axes = {name: [cell[axis] for cell in grid] for axis, name in enumerate(("model", "fusion", "loss"))}
    found = anova(values, axes, order=3)
    assert sum(effect.share for effect in found) == pytest.approx(1)
    assert sum(effect.freedom for effect in found) == len(grid) - 1
    order = rng.permutation(len(grid))
    shuffled = {name: [f"z{words[i]}" for i in order] for name, words in axes.items()}
    for one, other in zip(found, anova(values[order], shuffled, order=3), strict=True):
        assert (one.name, one.freedom) == (other.name, other.freedom)
        assert one.squares == pytest.approx(other.squares, abs=1e-9)


def test_one_seed_leaves_no_residual_and_nothing_to_explain_has_no_share() -> None:
    found = by_name(anova([1.0, 2, 3, 5], {"a": list("xxyy"), "b": list("1212")}))
    assert found["residual"].freedom == 0
    assert found["a"].f is None
    assert sum(effect.share for effect in found.values()) == pytest.approx(1)
    assert all(effect.share == 0 for effect in anova([1.0] * 4, {"a": list("xxyy")}))


def test_what_the_runs_cannot_tell_apart_is_left_out() -> None:
    same = {"a": list("xxyyzz"), "b": list("112233")}  # every run with x has 1
    assert [effect.name for effect in anova([1.0, 2, 3, 4, 5, 7], same)] == ["residual"]
    missing = {"a": list("xxyyy"), "b": list("12112")}
    assert "a" in by_name(anova([1.0, 2, 3, 4, 7], missing))
