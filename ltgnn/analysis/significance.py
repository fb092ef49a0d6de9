"""Is a difference real: intervals, paired tests, corrections for many tests, effect sizes. Arrays in, numbers out.

``d`` [n] are paired differences, one per user (or per seed); nan marks users without a value and is left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

EXACT = 14  # up to this many differences, all sign flips are enumerated
CHUNK = 2**22  # random numbers at a time


@dataclass(frozen=True)
class Interval:
    """An estimate with its confidence limits."""

    estimate: float
    lower: float
    upper: float

    def __neg__(self) -> Interval:
        return Interval(-self.estimate, -self.upper, -self.lower)


@dataclass(frozen=True)
class Bootstrap:
    """Means of columns over re-sampled users (Efron 1979).

    All columns meet the same draws, and a user without a value in a column is left out of that column.
    """

    columns: Array  # [n, C]
    means: Array  # [draws, C]

    @classmethod
    def of(cls, columns: Array, draws: int, seed: int) -> Bootstrap:
        """Draw ``draws`` times n users with replacement from ``columns`` [n, C]."""
        present = ~np.isnan(columns)
        stacked = np.concatenate([np.where(present, columns, 0.0), present], axis=1)
        drawn = [weights @ stacked for weights in _resample(len(columns), draws, np.random.default_rng(seed))]
        sums, counts = np.split(np.concatenate(drawn), 2, axis=1)
        return cls(columns, sums / np.where(counts > 0, counts, np.nan))

    def interval(self, column: int, level: float) -> Interval:
        """Percentile interval of the mean of a column."""
        tail = (1 - level) / 2
        lower, upper = np.nanquantile(self.means[:, column], [tail, 1 - tail])
        return Interval(float(np.nanmean(self.columns[:, column])), float(lower), float(upper))

    def p(self, column: int) -> float:
        """Two-sided p of mean = 0: how often a re-sampled mean strays from the mean as far as that does from 0.

        Bootstrap-shift test (Noreen 1989; Smucker et al., CIKM 2007). The studentised form is too timid on differences
        that are mostly 0, as those of users are.
        """
        means, mean = self.means[:, column], np.nanmean(self.columns[:, column])
        return (1 + int((np.abs(means - mean) >= abs(mean) * (1 - 1e-12)).sum())) / (1 + len(means))


def _resample(n: int, draws: int, rng: np.random.Generator) -> Iterator[Array]:
    """How often each of n rows is drawn in n draws with replacement, in chunks.  [<= draws, n]"""
    size = max(1, CHUNK // n)
    for start in range(0, draws, size):
        rows = min(size, draws - start)
        drawn = rng.integers(0, n, size=(rows, n)) + np.arange(rows)[:, None] * n
        yield np.bincount(drawn.ravel(), minlength=rows * n).reshape(rows, n).astype(np.float64)


def over_seeds(base: Array, new: Array, level: float) -> float:
    """Half-width of Welch's interval for the difference of the means of independent runs, one value per seed.

    A side with a single value counts as one without randomness, such as a closed form: whether it is one, the caller
    has to know.
    """
    from scipy.stats import t

    sides = [side for side in (base, new) if len(side) > 1 and side.var() > 0]
    shares = [side.var(ddof=1) / len(side) for side in sides]
    if not sides:
        return 0.0
    freedom = sum(shares) ** 2 / sum(s**2 / (len(side) - 1) for s, side in zip(shares, sides, strict=True))
    return float(t.ppf((1 + level) / 2, freedom) * sqrt(sum(shares)))


def over_pairs(d: Array, level: float) -> float:
    """Half-width of Student's interval for the mean of paired differences ``d``, one per seed."""
    from scipy.stats import t

    return float(t.ppf((1 + level) / 2, len(d) - 1) * d.std(ddof=1) / sqrt(len(d))) if len(d) > 1 else 0.0


def pooled_test(d: Array | None, base: Array, new: Array) -> float | None:
    """Two-sided p of the difference of two models, with users and seeds as sources of error; None if neither is known.

    ``d`` [n] differences of users (seeds averaged), or None; ``base`` and ``new`` one value per seed. t = difference /
    sqrt(var(d) / n + var(base) / S + var(new) / S'), degrees of freedom by Welch and Satterthwaite. Without users it is
    Welch's t test over seeds; with one seed a side it is the paired t test over users, which is silent about seeds.
    """
    from scipy.stats import t

    known = [side for side in (base, new) if len(side) > 1]
    if d is not None:
        d = d[~np.isnan(d)]
        known += [d] if len(d) > 1 else []
    shares = [sample.var(ddof=1) / len(sample) for sample in known]
    if not known:
        return None
    difference = float(new.mean() - base.mean()) if d is None or not len(d) else float(d.mean())
    if sum(shares) == 0:
        return 1.0 if difference == 0 else 0.0
    freedom = sum(shares) ** 2 / sum(s**2 / (len(x) - 1) for s, x in zip(shares, known, strict=True))
    return float(2 * t.sf(abs(difference) / sqrt(sum(shares)), freedom))


def combine(users: Interval, seeds: float) -> Interval:
    """One interval for two independent sources of error, users and seeds.

    MOVER (Zou and Donner, Statistics in Medicine 2008): the distances from the estimate to the limits add in squares.
    """
    e = users.estimate
    return Interval(e, e - sqrt((e - users.lower) ** 2 + seeds**2), e + sqrt((users.upper - e) ** 2 + seeds**2))


def t_test(d: Array) -> float:
    """Two-sided p of the paired t test."""
    from scipy.stats import ttest_1samp

    d = d[~np.isnan(d)]
    return 1.0 if len(d) < 2 or not d.any() else float(ttest_1samp(d, 0.0).pvalue)


def wilcoxon_test(d: Array) -> float:
    """Two-sided p of Wilcoxon's signed-rank test; zero differences are ranked, then dropped (Pratt 1959)."""
    from scipy.stats import wilcoxon

    d = d[~np.isnan(d)]
    return 1.0 if not d.any() else float(wilcoxon(d, zero_method="pratt").pvalue)


def permutation_tests(columns: Array, draws: int, seed: int) -> Array:
    """Two-sided p of each column [n, C] under random signs: all 2^n patterns for small n, else ``draws`` of them."""
    values = np.nan_to_num(columns)
    n, total = len(values), values.sum(0)
    observed = np.abs(total) * (1 - 1e-12)
    if n <= EXACT:
        signs = 1.0 - 2 * ((np.arange(2**n)[:, None] >> np.arange(n)) & 1)
        exact: Array = (np.abs(signs @ values) >= observed).mean(0)
        return exact
    rng, size, reached = np.random.default_rng(seed), max(1, CHUNK // n), np.zeros(len(total))
    for start in range(0, draws, size):
        flips = rng.integers(0, 2, size=(min(size, draws - start), n), dtype=np.int8)
        reached += (np.abs(total - 2 * (flips @ values)) >= observed).sum(0)
    return (1 + reached) / (1 + draws)


def holm(p: Array) -> Array:
    """Holm's step-down adjusted p values: the chance of any false finding stays below the level."""
    order = np.argsort(p)
    raised = np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1)).clip(max=1.0)
    adjusted = np.empty_like(raised)
    adjusted[order] = raised
    return adjusted


def benjamini_hochberg(p: Array) -> Array:
    """Benjamini and Hochberg's step-up adjusted p values: the share of false findings stays below the level."""
    order = np.argsort(p)[::-1]
    raised = np.minimum.accumulate(p[order] * len(p) / np.arange(len(p), 0, -1)).clip(max=1.0)
    adjusted = np.empty_like(raised)
    adjusted[order] = raised
    return adjusted


def cohen(d: Array) -> float:
    """Cohen's d of paired differences: mean / standard deviation; 0 when all are 0."""
    d = d[~np.isnan(d)]
    spread = d.std(ddof=1) if len(d) > 1 else 0.0
    return float(d.mean() / spread) if spread > 0 else 0.0


def rank_biserial(d: Array) -> float:
    """Matched-pairs rank-biserial correlation: (ranks of gains - ranks of losses) / all ranks, -1 to 1 (Kerby 2014)."""
    from scipy.stats import rankdata

    d = d[~np.isnan(d) & (d != 0)]
    ranks = rankdata(np.abs(d))
    return float((ranks * np.sign(d)).sum() / ranks.sum()) if len(d) else 0.0


def wins(d: Array) -> tuple[float, float]:
    """Share of users who gain and of users who lose."""
    d = d[~np.isnan(d)]
    return float((d > 0).mean()), float((d < 0).mean())
