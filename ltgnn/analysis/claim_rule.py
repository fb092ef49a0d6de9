"""The claim rule: tail gain at no head loss: yes, no or undecided.

The rule, fixed before any run: validation-selected, at least 5 seeds a side (a closed form has none), full ranking, the
paired difference new - base over users. Yes only if the lower limit of the tail's difference is above 0 and that of the
head's above -1 % of the base. No if an upper limit excludes that. Undecided otherwise.

Where each seed has its own split (``split.seed='${seed}'``), runs are paired by their splits: a user's value is the
mean over the splits that hold out such an item, and the seeds' part of an interval is that of the paired differences.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field
from typing import Annotated

import numpy as np
from annotated_types import Ge, Gt, Lt

from ltgnn.analysis import significance as stats
from ltgnn.analysis.group_difference import Difference
from ltgnn.analysis.intervals import interval_of, paired_columns
from ltgnn.analysis.item_groups import rule
from ltgnn.analysis.labels import names
from ltgnn.analysis.pairing import pair_by_split
from ltgnn.analysis.run_groups import CLOSED_FORM, RunGroup
from ltgnn.config.wrong_arguments import refuse_wrong_arguments
from ltgnn.io.pluralize import pluralize

MIN_SEEDS = 5
MOST_SEEDS = 1_000
GROUPS = ("all", "head", "tail")
TESTS = ("t", "wilcoxon", "permutation", "bootstrap")
SAME = 1e-12
"""Runs whose values differ by less are copies of each other."""


@dataclass(frozen=True)
class Claim:
    """The verdict and everything it rests on."""

    verdict: str  # yes, no, undecided
    reasons: list[str]
    seeds_needed: int | None  # a side; None: no number of seeds would decide, or none is needed
    metric: str
    policy: str
    margin: float
    level: float
    base: str
    new: str
    seeds: tuple[int, int]
    differences: list[Difference]
    rule: str = ""  # of the groups, as text
    warnings: list[str] = field(default_factory=list)  # of the runs

    def __repr__(self) -> str:
        found = [
            f"  {d.group}: {d.base:.4f} to {d.new:.4f}, {d.interval.estimate:+.5f} ({d.interval.lower:+.5f} to "
            f"{d.interval.upper:+.5f})" for d in self.differences
        ]  # fmt: skip
        head = f"Claim: {self.new} against {self.base}, {self.metric}: {self.verdict}"
        return "\n".join([head, *found, *(f"  {reason}" for reason in self.reasons)])


def claim(
    base: RunGroup,
    new: RunGroup,
    metric: str,
    policy: str,
    margin: Annotated[float, Ge(0), Lt(1)],
    level: Annotated[float, Gt(0), Lt(1)],
    draws: Annotated[int, Ge(1)],
    seed: Annotated[int, Ge(0)],
) -> Claim:
    """Compare two sides on ``metric`` for all, head and tail of ``policy``, and apply the rule."""
    refuse_wrong_arguments(claim, margin=margin, level=level, draws=draws, seed=seed)
    base_runs, new_runs, left_out = pair_by_split(base.runs, new.runs)
    base, new = RunGroup(base_runs, base.damaged), RunGroup(new_runs, new.damaged)
    differences = _differences(base, new, metric, policy, level, draws, seed)
    by_group = {difference.group: difference for difference in differences}
    verdict, reasons = decide(by_group["head"], by_group["tail"], margin)
    few = [*_too_few_seeds(base, "base"), *_too_few_seeds(new, "new")]
    doubts = [*few, *_selection(base, "base"), *_selection(new, "new")]
    needed = (
        seeds_needed(base, new, by_group["head"], by_group["tail"], margin, level) if verdict == "undecided" else None
    )
    if doubts:
        if verdict != "undecided" and few:
            needed = MIN_SEEDS
        verdict, reasons = "undecided", [*doubts, *reasons]
    counts = len(base.runs), len(new.runs)
    runs = [*base.runs, *new.runs]
    warnings = list(dict.fromkeys([*([left_out] if left_out else []), *(t for run in runs for t in run.warnings)]))
    called = names([base.runs[0], new.runs[0]])
    return Claim(
        verdict, reasons, needed, metric, policy, margin, level, called[0], called[1], counts, differences,
        rule(runs, policy), warnings,
    )  # fmt: skip


def decide(head: Difference, tail: Difference, margin: float) -> tuple[str, list[str]]:
    """The rule on two differences: (verdict, reasons). A head of 0 has nothing to lose."""
    lossless = head.nothing_to_lose
    head, tail = head.improvement, tail.improvement
    floor = -margin * head.base
    reasons = []
    if tail.interval.upper <= 0:
        reasons.append(f"no tail gain: the upper limit {tail.interval.upper:+.5f} is not above 0")
    if head.interval.upper <= floor and not lossless:
        reasons.append(f"head loss: the upper limit {head.relative.upper:+.2%} is not above {-margin:.1%}")
    if reasons:
        return "no", reasons
    if tail.interval.lower <= 0:
        reasons.append(f"tail gain not shown: the lower limit {tail.interval.lower:+.5f} is not above 0")
    if head.interval.lower <= floor and not lossless:
        reasons.append(
            f"head loss not ruled out: the lower limit {head.relative.lower:+.2%} is not above {-margin:.1%}"
        )
    if reasons:
        return "undecided", reasons
    kept = f"the lower limit {head.relative.lower:+.2%} is above {-margin:.1%}"
    return "yes", [
        f"tail gain: the lower limit {tail.interval.lower:+.5f} is above 0",
        f"no head loss: {'the base is 0 there' if lossless else kept}",
    ]


def seeds_needed(
    base: RunGroup, new: RunGroup, head: Difference, tail: Difference, margin: float, level: float
) -> int | None:
    """Seeds a side after which the verdict would fall, if estimates and spreads stay as they are; None if never.

    More seeds narrow the seeds' part of an interval only: the part of the users needs a larger test part.
    """
    from scipy.stats import t

    lossless = head.nothing_to_lose
    head, tail = head.improvement, tail.improvement
    known = [side for side in (base, new) if not side.deterministic]
    if base.many_splits:
        spreads = {d.name: [(new.values(d.name) - base.values(d.name)).var(ddof=1)] for d in (head, tail)}
    elif any(len(side.runs) < 2 for side in known):
        return None
    else:
        spreads = {d.name: [side.values(d.name).var(ddof=1) for side in known] for d in (head, tail)}
    for seeds in range(2, MOST_SEEDS + 1):
        outcomes = []
        for d in (head, tail):
            freedom = max(1, len(spreads[d.name])) * (seeds - 1)
            width = float(t.ppf((1 + level) / 2, freedom) * np.sqrt(sum(spreads[d.name]) / seeds))
            outcomes.append(stats.combine(d.interval_users, width))
        floor = -margin * head.base
        yes = (lossless or outcomes[0].lower > floor) and outcomes[1].lower > 0
        no = (not lossless and outcomes[0].upper <= floor) or outcomes[1].upper <= 0
        if yes or no:
            return max(seeds, MIN_SEEDS)
    return None


def _differences(
    base: RunGroup, new: RunGroup, metric: str, policy: str, level: float, draws: int, seed: int
) -> list[Difference]:
    names = [metric if group == "all" else f"{policy}/{group}/{metric}" for group in GROUPS]
    columns = paired_columns(base, new, names)
    bootstrap = stats.Bootstrap.of(columns, draws, seed)
    tests = {
        "t": [stats.t_test(d) for d in columns.T],
        "wilcoxon": [stats.wilcoxon_test(d) for d in columns.T],
        "permutation": stats.permutation_tests(columns, draws, seed).tolist(),
        "bootstrap": [bootstrap.p(column) for column in range(len(GROUPS))],
    }
    holm = {test: stats.holm(np.array(p)).tolist() for test, p in tests.items()}
    bh = {test: stats.benjamini_hochberg(np.array(p)).tolist() for test, p in tests.items()}
    found = []
    for row, (group, name, d) in enumerate(zip(GROUPS, names, columns.T, strict=True)):
        before, after = base.values(name), new.values(name)
        found_interval = interval_of(base, new, name, bootstrap.interval(row, level), level)
        less = new.smaller(metric)
        gains, losses = stats.wins(-d if less else d)
        found.append(
            Difference(
                group=group,
                name=name,
                users=int((~np.isnan(d)).sum()),
                base=float(before.mean()),
                new=float(after.mean()),
                base_sd=base.sd(name),
                new_sd=new.sd(name),
                interval=found_interval.interval,
                interval_users=found_interval.users,
                seed_width=found_interval.seed_width,
                p={test: p[row] for test, p in tests.items()},
                p_holm={test: p[row] for test, p in holm.items()},
                p_bh={test: p[row] for test, p in bh.items()},
                p_seeds=_over_seeds(base, new, before, after),
                cohen=stats.cohen(d),
                rank_biserial=stats.rank_biserial(d),
                wins=gains,
                losses=losses,
                less=less,
            )
        )
    return found


def _over_seeds(base: RunGroup, new: RunGroup, before: stats.Array, after: stats.Array) -> dict[str, float]:
    """Tests with a run as the unit: Welch's t (paired by split: Student's), and where seeds pair up, Wilcoxon and
    permutation. None where the runs of each side are one and the same, as of a closed form: nothing varies."""
    from scipy.stats import ttest_1samp, ttest_ind, ttest_rel

    if not base.many_splits and max(np.ptp(before), np.ptp(after)) < SAME:
        return {}
    p = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # scipy's, of a side whose runs are all equal
        if base.many_splits:
            p["t"] = float(ttest_rel(after, before).pvalue)
        elif len(after) > 1 and len(before) > 1:
            p["t"] = float(ttest_ind(after, before, equal_var=False).pvalue)
        elif len(after) > 1 and base.deterministic:
            p["t"] = float(ttest_1samp(after, before[0]).pvalue)
    paired = [run.seed for run in base.runs] == [run.seed for run in new.runs]
    if (paired or base.deterministic) and len(after) > 1:
        d = after - (before if paired else before[0])
        p |= {
            "wilcoxon": stats.wilcoxon_test(d),
            "permutation": float(stats.permutation_tests(d[:, None], draws=10_000, seed=0)[0]),
        }
    return {name: value for name, value in p.items() if value == value}


def _too_few_seeds(side: RunGroup, name: str) -> list[str]:
    if side.deterministic or len(side.runs) >= MIN_SEEDS:
        return []
    return [f"{name} has {pluralize(len(side.runs), 'seed')}, the rule requires {MIN_SEEDS}"]


def _selection(side: RunGroup, name: str) -> list[str]:
    bad = sorted(
        {run.by for run in side.runs if not (run.by.startswith("val/") or run.by in (CLOSED_FORM, "last epoch"))}
    )
    advice = "only validation may select. Run it with monitor=val/..."
    return [f"{name} was selected by {', '.join(bad)}: {advice}"] if bad else []
