"""Runs of many configurations side by side: mean and spread over seeds, difference to a baseline, is it real."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ltgnn.analysis import significance as stats
from ltgnn.analysis.item_groups import not_scorable
from ltgnn.analysis.labels import differing_keys
from ltgnn.analysis.pairing import differing
from ltgnn.analysis.run_groups import RunGroup
from ltgnn.runs.reading import read_all
from ltgnn.runs.run import DamagedRun, Run, first_line
from ltgnn.types import UserError

CORRECTIONS: dict[str, Callable[[stats.Array], stats.Array]] = {
    "holm": stats.holm,
    "bh": stats.benjamini_hochberg,
    "none": lambda p: p,
}


@dataclass(frozen=True)
class Cell:
    """One value of one configuration."""

    mean: float
    sd: float | None  # over seeds, None for one seed
    seeds: int
    best: bool = False
    base: float | None = None  # mean of the baseline; None for the baseline itself, and without one
    p: float | None = None
    p_adjusted: float | None = None  # for all differences of the table
    scorable: bool = True  # False: the model knows no item of the group, so that its 0 is not informative

    @property
    def delta(self) -> float | None:
        return None if self.base is None else self.mean - self.base

    @property
    def stars(self) -> str:
        """``*`` below 0.05, ``**`` below 0.01, ``***`` below 0.001, adjusted."""
        p = self.p_adjusted
        return "" if p is None else "*" * sum(p < bound for bound in (0.05, 0.01, 0.001))


@dataclass(frozen=True)
class Row:
    """One configuration."""

    options: tuple[str, ...]  # one per key
    side: RunGroup
    cells: tuple[Cell | None, ...]  # one per value; None where the runs lack it


@dataclass(frozen=True)
class Comparison:
    """The full table, in numbers."""

    keys: tuple[str, ...]
    names: tuple[str, ...]  # of values
    rows: tuple[Row, ...]
    baseline: Mapping[str, str]
    correction: str
    left_out: tuple[str, ...]  # runs that did not finish
    one_seed: tuple[str, ...]  # configurations whose spread over seeds is not known


def read_finished(folders: Sequence[Path]) -> tuple[list[Run], list[str]]:
    """The finished runs at or below ``folders``, and the others with their state, or with what is damaged."""
    runs, damaged = read_all(folders)
    finished = [run for run in runs if run.state == "finished" and run.test]
    others = [f"{run.folder} ({run.state})" for run in runs if run not in finished] + name_damaged(damaged)
    if not finished:
        raise UserError(f"none of these runs has finished: {', '.join(others)}")
    return finished, others


def name_damaged(damaged: Sequence[DamagedRun]) -> list[str]:
    """``FOLDER (damaged: per_user.parquet cannot be read)``"""
    return [f"{error.folder} (damaged: {first_line(error).removeprefix(f'{error.folder}: ')})" for error in damaged]


def sides(runs: Sequence[Run], groups: Sequence[str]) -> dict[tuple[str, ...], RunGroup]:
    """The runs by their options; rejects groups that do not distinguish all configurations."""
    grouped: dict[tuple[str, ...], list[Run]] = {}
    for run in runs:
        grouped.setdefault(tuple(run.option(group) for group in groups), []).append(run)
    for options, members in grouped.items():
        label = ", ".join(f"{group}={option}" for group, option in zip(groups, options, strict=True))
        if different := differing(members):
            more = [group for group in differing_keys(members) if group not in groups] or different[:4]
            raise UserError(f"the {len(members)} runs with {label} also differ in {', '.join(more)}. Add that to --by")
        seeds = [run.seed for run in members]
        if len(set(seeds)) < len(seeds):
            twice = next(run for run in members if seeds.count(run.seed) > 1)
            again = ", ".join(str(run.folder) for run in members if run.seed == twice.seed)
            raise UserError(f"seed {twice.seed} of {label} is there twice: {again}. Omit one")
    return {
        options: RunGroup(sorted(members, key=lambda run: (len(run.seed), run.seed)))
        for options, members in grouped.items()
    }


def compare(
    runs: Sequence[Run],
    groups: Sequence[str],
    names: Sequence[str],
    baseline: Mapping[str, str],
    correction: str,
    left_out: Sequence[str] = (),
) -> Comparison:
    """Every configuration on every value.

    ``baseline`` names options of some groups: a configuration is compared with the one with these options and its own
    options in all other groups. p values are of ``significance.pooled_test``, adjusted for all differences of the
    table.
    """
    known = sides(runs, groups)
    _check(known, groups, names, baseline)
    means = {(options, name): side.mean(name) for options, side in known.items() for name in names}
    p: dict[tuple[tuple[str, ...], str], float] = {}
    bases: dict[tuple[str, ...], tuple[str, ...]] = {}
    for options, side in known.items():
        other = _base(known, tuple(baseline.get(group, option) for group, option in zip(groups, options, strict=True)))
        if not baseline or other is None or other == options:
            continue
        bases[options] = other
        for name in names:
            found = compute_p_value(known[other], side, name)
            if found is not None:
                p[options, name] = found
    adjusted = dict(zip(p, CORRECTIONS[correction](np.array(list(p.values()))).tolist(), strict=True)) if p else {}
    best = {
        name: _best(any(side.smaller(name) for side in known.values()), [means[options, name] for options in known])
        for name in names
    }
    rows = []
    for options, side in known.items():
        cells: list[Cell | None] = []
        for name in names:
            mean = means[options, name]
            if mean is None:
                cells.append(None)
                continue
            cells.append(
                Cell(
                    mean=mean,
                    sd=side.sd(name),
                    seeds=len(side.runs),
                    scorable=not all(not_scorable(run, name) for run in side.runs),
                    best=mean == best[name],
                    base=means[bases[options], name] if options in bases else None,
                    p=p.get((options, name)),
                    p_adjusted=adjusted.get((options, name)),
                )
            )
        rows.append(Row(options, side, tuple(cells)))
    lonely = [" ".join(options) for options, side in known.items() if len(side.runs) == 1 and not side.deterministic]
    return Comparison(
        tuple(groups), tuple(names), tuple(rows), baseline, correction, tuple(left_out), tuple(lonely)
    )  # fmt: skip


def _base(known: Mapping[tuple[str, ...], RunGroup], options: tuple[str, ...]) -> tuple[str, ...] | None:
    """The configuration with these options, or the only one that has them where it has such groups."""
    fits = [row for row in known if all(wanted in (option, "-") for wanted, option in zip(row, options, strict=True))]
    return options if options in known else fits[0] if len(fits) == 1 else None


def _check(
    known: Mapping[tuple[str, ...], RunGroup], groups: Sequence[str], names: Sequence[str], baseline: Mapping[str, str]
) -> None:
    """Refuse what cannot be compared, and names that nothing has."""
    prints = {side.fingerprint for side in known.values()}
    if len(prints) > 1:
        raise UserError(
            f"the runs were tested on {len(prints)} different splits: their numbers cannot be compared. Give runs with "
            "the same data, split and split.seed"
        )
    for name in names:
        if not any(name in run.test for side in known.values() for run in side.runs):
            raise UserError(f"no run has the value '{name}'. Set --metrics, e.g. ndcg@20 items20/tail/ndcg@20")
    for group, option in baseline.items():
        if group not in groups:
            raise UserError(f"--baseline {group}={option}: the config groups are {', '.join(groups)}")
        options = {row[list(groups).index(group)] for row in known}
        if option not in options:
            raise UserError(f"--baseline {group}={option}: no run has that; there are {', '.join(sorted(options))}")


def compute_p_value(base: RunGroup, new: RunGroup, name: str) -> float | None:
    """Significance of the difference; over users as well, where the value has one number per user."""
    if base.mean(name) is None or new.mean(name) is None:
        return None
    d = None
    if base.has_users(name) and new.has_users(name) and np.array_equal(base.users(), new.users()):
        d = new.per_user(name) - base.per_user(name)
    if base.many_splits:  # their own hardness is in both sides: differences within a split
        return stats.pooled_test(d, np.zeros(1), new.values(name) - base.values(name))
    return stats.pooled_test(d, base.values(name), new.values(name))


def _best(small: bool, values: Sequence[float | None]) -> float | None:
    """The best of the values; None where all are the same."""
    there = [value for value in values if value is not None]
    if len(set(there)) < 2:
        return None
    return (min if small else max)(there) if there else None
