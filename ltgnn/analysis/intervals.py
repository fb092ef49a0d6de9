"""The difference of two sides on one value, with its confidence interval over users and seeds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ltgnn.analysis import significance as stats
from ltgnn.analysis.run_groups import RunGroup
from ltgnn.types import UserError


@dataclass(frozen=True)
class DifferenceInterval:
    """``new - base``, in units of the metric."""

    interval: stats.Interval  # users and seeds
    users: stats.Interval  # users only, seeds averaged
    seed_width: float  # half-width from seeds only


def paired_columns(base: RunGroup, new: RunGroup, names: Sequence[str]) -> stats.Array:
    """Differences of the users of two sides, a column for each value; nan where a user has none.  [n, names]

    ``UserError`` where the sides were tested on other users or splits, or nobody has a value.
    """
    if base.fingerprint != new.fingerprint:
        raise UserError(
            f"the two sides were tested on different splits ({base.fingerprint[:12]} and {new.fingerprint[:12]}): "
            "differences of users cannot be paired. Run both with the same data, split and split.seed."
        )
    if not np.array_equal(base.users(), new.users()):
        raise UserError(
            "the two sides hold different test users although the split is the same: evaluate one of them again"
        )
    columns = np.stack([new.per_user(name) - base.per_user(name) for name in names], axis=1)
    for name, d in zip(names, columns.T, strict=True):
        if np.isnan(d).all():
            raise UserError(f"no test user has a value of {name} on both sides, so that nothing can be compared.")
    return columns


def difference_intervals(
    base: RunGroup, new: RunGroup, names: Sequence[str], level: float, draws: int, seed: int
) -> list[DifferenceInterval]:
    """The interval of each value: bootstrap over users, t over seeds, put together by MOVER."""
    bootstrap = stats.Bootstrap.of(paired_columns(base, new, names), draws, seed)
    return [interval_of(base, new, name, bootstrap.interval(n, level), level) for n, name in enumerate(names)]


def interval_of(base: RunGroup, new: RunGroup, name: str, users: stats.Interval, level: float) -> DifferenceInterval:
    """The interval over ``users`` made wider by that over seeds."""
    before, after = base.values(name), new.values(name)
    paired = base.many_splits  # the splits' own hardness is in both sides
    seeds = stats.over_pairs(after - before, level) if paired else stats.over_seeds(before, after, level)
    return DifferenceInterval(stats.combine(users, seeds), users, seeds)
