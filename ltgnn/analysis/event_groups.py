"""Values by group of held-out pairs, such as the scenes app, web and store: with intervals, and whether they differ."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ltgnn.analysis import significance as stats
from ltgnn.analysis.intervals import difference_intervals
from ltgnn.analysis.run_groups import RunGroup
from ltgnn.runs.run import Run
from ltgnn.types import UserError

KIND = "event_groups"
"""Key of metrics.json with the policies that group held-out pairs."""


@dataclass(frozen=True)
class GroupValue:
    """A value on one group of held-out pairs."""

    group: str
    users: int  # who have such a pair
    value: stats.Interval  # mean over users, with users and seeds as sources of error
    gap: stats.Interval | None  # minus the mean in the other groups; None: there is no other


@dataclass(frozen=True)
class GroupChange:
    """New against base on one group of held-out pairs."""

    group: str
    users: int
    base: float
    new: float
    interval: stats.Interval  # of new - base, users and seeds


def event_policies(runs: Sequence[Run]) -> list[str]:
    """The policies of held-out pairs that all of these runs were evaluated by."""
    found = [list(run.metrics.get(KIND, {})) for run in runs]
    return [policy for policy in (found[0] if found else []) if all(policy in policies for policies in found)]


def event_card(run: Run, policy: str) -> dict[str, Any]:
    """Rule and sizes of a policy as a run recorded them; ``UserError`` names those that there are."""
    known: dict[str, dict[str, Any]] = run.metrics.get(KIND, {})
    if policy not in known:
        raise UserError(
            f"--by {policy}: {run.folder} has no values by such groups of held-out pairs; there are: "
            f"{', '.join(known) or 'none'}. Train with event_groups@eval.event_groups=scene."
        )
    return known[policy]


def groups_with_values(side: RunGroup, policy: str, metric: str) -> list[str]:
    """The groups of which every run has a value."""
    names = event_card(side.runs[0], policy)["sizes"]
    return [name for name in names if side.mean(f"{policy}/{name}/{metric}") is not None]


def values_by_group(side: RunGroup, policy: str, metric: str, level: float, draws: int, seed: int) -> list[GroupValue]:
    """The value of each group, and what it is more than in the others.

    What a user has in the other groups is the mean over these. Intervals: bootstrap over users, t over seeds, put
    together by MOVER; those of the gaps hold together (Bonferroni: level ``1 - (1 - level) / groups``).
    """
    groups = groups_with_values(side, policy, metric)
    names = [f"{policy}/{group}/{metric}" for group in groups]
    if not names:
        raise UserError(f"no group of {policy} has a value {metric}: nothing was held out there.")
    columns = _with_others(side, names)
    bootstrap = stats.Bootstrap.of(columns, draws, seed)
    gaps = np.stack([_gaps(_with_others(RunGroup([run]), names)) for run in side.runs])  # [S, groups]
    jointly = 1 - (1 - level) / len(groups)
    found = []
    for n, (group, name) in enumerate(zip(groups, names, strict=True)):
        value = stats.combine(bootstrap.interval(n, level), stats.over_pairs(side.values(name), level))
        gap = None
        if len(groups) > 1:
            tail = (1 - jointly) / 2
            drawn = bootstrap.means[:, n] - bootstrap.means[:, len(groups) + n]
            lower, upper = np.nanquantile(drawn, [tail, 1 - tail])
            users = stats.Interval(float(_gaps(columns)[n]), float(lower), float(upper))
            gap = stats.combine(users, stats.over_pairs(gaps[:, n], jointly))
        found.append(GroupValue(group, int((~np.isnan(columns[:, n])).sum()), value, gap))
    return found


def _with_others(side: RunGroup, names: Sequence[str]) -> stats.Array:
    """The values of the users in each group, then the mean of each user over the other groups.  [n, 2 groups]"""
    inside = np.stack([side.per_user(name) for name in names], axis=1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # numpy's, of users who have no other group
        others = [np.nanmean(np.delete(inside, n, axis=1), axis=1) for n in range(len(names))] if len(names) > 1 else []
    found: stats.Array = np.concatenate([inside, *(column[:, None] for column in others)], axis=1)
    return found


def _gaps(columns: stats.Array) -> stats.Array:
    """Mean in each group minus that in the others.  [groups]"""
    half = max(1, columns.shape[1] // 2)
    means = np.nanmean(columns, axis=0)
    gaps: stats.Array = means[:half] - means[half:] if columns.shape[1] > 1 else np.zeros(1)
    return gaps


def changes_by_group(
    base: RunGroup, new: RunGroup, policy: str, metric: str, level: float, draws: int, seed: int
) -> list[GroupChange]:
    """``new - base`` on each group that both have a value of, paired by user."""
    there = set(groups_with_values(new, policy, metric))
    groups = [group for group in groups_with_values(base, policy, metric) if group in there]
    names = [f"{policy}/{group}/{metric}" for group in groups]
    if not names:
        raise UserError(f"no group of {policy} has a value {metric} on both sides.")
    intervals = difference_intervals(base, new, names, level, draws, seed)
    users = [int((~np.isnan(base.per_user(name))).sum()) for name in names]
    return [
        GroupChange(group, n, float(base.values(name).mean()), float(new.values(name).mean()), one.interval)
        for group, name, n, one in zip(groups, names, users, intervals, strict=True)
    ]


def is_equal_sentence(found: Sequence[GroupValue], level: float) -> str:
    """Is it as good in each? No, where an interval of the gaps is below 0."""
    gaps = [(one.group, one.gap) for one in found if one.gap is not None]
    if not gaps:
        return f"Only {found[0].group} is in the test part, so nothing can be compared."

    def words(chosen: Sequence[tuple[str, stats.Interval]]) -> str:
        return ", ".join(
            f"{group} ({gap.estimate:+.4f}, {gap.lower:+.4f} to {gap.upper:+.4f})" for group, gap in chosen
        )

    lower = [pair for pair in gaps if pair[1].upper < 0]
    higher = [pair for pair in gaps if pair[1].lower > 0]
    held = f"(minus the other groups, intervals that hold together at {100 * level:g} %)"
    if lower:
        more = f"; higher in {words(higher)}" if higher else ""
        return f"No: it is lower in {words(lower)}{more} {held}."
    if higher:
        return f"No: it is higher in {words(higher)} than in the others, none of which is shown to be lower {held}."
    return f"No difference is shown: {words(gaps)}; every interval holds 0 {held}."
