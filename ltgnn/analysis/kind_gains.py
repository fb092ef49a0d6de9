"""Which kind of item features helps whom: what adding it changes, and what its real values give beyond shuffled ones.

Of runs that differ in ``features`` alone, those with a kind are paired with those that lack it and have all else, and
with those that have it shuffled. Each pair is tested as two sides of a claim are: the same split and users, differences
of users, intervals over users and seeds.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from annotated_types import Ge, Gt, Lt

from ltgnn.analysis.feature_kinds import REAL, SHUFFLED, FeatureKinds, keys_of_seed, kinds_of_runs, rest_of_recipe
from ltgnn.analysis.intervals import difference_intervals
from ltgnn.analysis.item_groups import card, policy_of
from ltgnn.analysis.labels import labels
from ltgnn.analysis.pairing import pair_by_split
from ltgnn.analysis.run_groups import RunGroup, drop_repeated, repetitions
from ltgnn.config.wrong_arguments import refuse_wrong_arguments
from ltgnn.runs.run import Run
from ltgnn.types import UserError

LEVEL, DRAWS = 0.95, 2_000
CONTROL = "real values instead of shuffled ones"


@dataclass(frozen=True)
class GroupGain:
    """Change of the metric for one group of items or users, in its units."""

    group: str  # all, head, tail, cold; activity/active ...
    users: int  # who have a value
    base: float
    new: float
    estimate: float  # mean difference of the users
    lower: float
    upper: float
    less: bool = False  # of this value is better, so that a gain is a negative difference


@dataclass(frozen=True)
class KindGain:
    """What one kind of features changes in one configuration."""

    kind: str
    against: str  # what it is compared with, in words
    model: str  # the configuration with the kind
    seeds: tuple[int, int]  # of the base and of the configuration with the kind
    groups: list[GroupGain]


@dataclass(frozen=True)
class KindGains:
    """All that can be said of the kinds of some runs."""

    metric: str
    policy: str
    level: float
    gains: list[KindGain]


def kind_gains(
    finished: Sequence[Run],
    metric: str,
    policy: str | None = None,
    level: Annotated[float, Gt(0), Lt(1)] = LEVEL,
    draws: Annotated[int, Ge(1)] = DRAWS,
    seed: Annotated[int, Ge(0)] = 0,
) -> KindGains:
    """Each kind of each configuration against the one without it, and against the one with it shuffled.

    ``metric``: a value of single users, such as ``ndcg@20``. ``policy``: groups of items; None: items20. Intervals are
    not adjusted for the number of comparisons. ``UserError`` where no run has a partner.
    """
    refuse_wrong_arguments(kind_gains, level=level, draws=draws, seed=seed)
    runs = drop_repeated([run for run in finished if metric in run.test])[0]
    if not runs:
        raise UserError(f"no run has the value '{metric}'. Set --metrics, e.g. ndcg@20")
    chosen = policy_of(runs, policy)
    found = [
        KindGain(kind, against, name, (len(base.runs), len(new.runs)), gains)
        for kind, against, name, base, new in pairs(runs)
        if (gains := _gains(base, new, metric, chosen, level, draws, seed))
    ]
    if not found:
        raise UserError(
            "no two of these runs differ in one kind of item features alone, so nothing can be said of a kind: run "
            "each kind alone, all together and features=none on the same split, such as features=tfidf,images,"
            "tfidf+images -m"
        )
    return KindGains(metric, chosen, level, sorted(found, key=lambda gain: gain.kind))


def pairs(runs: Sequence[Run]) -> Iterator[tuple[str, str, str, RunGroup, RunGroup]]:
    """Kind, what it is compared with, name of the configuration, side without and side with the kind."""
    kinds = dict(zip(map(id, runs), kinds_of_runs(runs), strict=True))
    called = dict(zip(map(id, runs), labels(runs), strict=True))
    follow = keys_of_seed(runs)

    def key(run: Run, states: FeatureKinds, bare: bool = False) -> tuple[Any, ...]:
        return rest_of_recipe(run, follow, bare), states.key, run.metrics.get("fingerprint") if one_split else ""

    one_split = "split.seed" not in follow
    configurations = repetitions(runs)
    sides = {key(part[0], kinds[id(part[0])]): part for part in configurations}
    without: dict[tuple[Any, ...], list[list[Run]]] = {}
    for part in configurations:
        if not kinds[id(part[0])].states:
            without.setdefault(key(part[0], FeatureKinds({}), bare=True), []).append(part)
    for part in configurations:
        mine = kinds[id(part[0])]
        for kind in (name for name, state in mine.states.items() if state == REAL):
            rest, control = mine.without(kind), mine.having(kind, SHUFFLED)
            bare = without.get(key(part[0], rest, bare=True), []) if not rest.states else []
            base = sides.get(key(part[0], rest)) or (bare[0] if len(bare) == 1 else None)
            for other, words in ((base, f"added to {rest.label}"), (sides.get(key(part[0], control)), CONTROL)):
                if other is not None:
                    before, after, _ = pair_by_split(other, part)
                    yield kind, words, called[id(part[0])], RunGroup(before), RunGroup(after)


def _gains(
    base: RunGroup, new: RunGroup, metric: str, policy: str, level: float, draws: int, seed: int
) -> list[GroupGain]:
    """The change for each group that both sides have; none without values of single users."""
    both = (base, new)
    names = {
        group: name
        for group, name in _names(new.runs[0], metric, policy).items()
        if all(side.has_users(name) and side.mean(name) is not None for side in both)
    }
    if not names:
        return []
    found = difference_intervals(base, new, list(names.values()), level, draws, seed)
    return [
        GroupGain(group, _users(base, new, name), float(base.mean(name) or 0.0), float(new.mean(name) or 0.0),
                  one.interval.estimate, one.interval.lower, one.interval.upper, new.smaller(metric))
        for (group, name), one in zip(names.items(), found, strict=True)
    ]  # fmt: skip


def _users(base: RunGroup, new: RunGroup, name: str) -> int:
    difference = new.per_user(name) - base.per_user(name)
    return int((difference == difference).sum())


def _names(run: Run, metric: str, policy: str) -> dict[str, str]:
    """Group -> name of its value: all, those of the items' policy, and those of each policy of users."""
    found = {"all": metric} | {group: f"{policy}/{group}/{metric}" for group in card([run], policy)["sizes"]}
    for users, section in ((run.config.get("eval") or {}).get("user_groups") or {}).items():
        found |= {f"{users}/{group}": f"{users}/{group}/{metric}" for group in section.get("names", ())}
    return found
