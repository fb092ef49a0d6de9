"""One side of a comparison: the finished runs of one configuration, one per seed, with the values of each user."""

from __future__ import annotations

import glob
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ltgnn.analysis.labels import plain_name
from ltgnn.analysis.pairing import check_alike
from ltgnn.config.metric_direction import RECORD, smaller
from ltgnn.io.pluralize import pluralize
from ltgnn.io.terminal import printable
from ltgnn.runs.reading import HUGE, read_all
from ltgnn.runs.run import DamagedRun, Run, first_line
from ltgnn.types import UserError

CLOSED_FORM = "none: closed form"
PER_USER = "per_user.parquet"


@dataclass(frozen=True)
class RunGroup:
    """Runs of one configuration that differ in nothing but the seed."""

    runs: Sequence[Run]
    damaged: Sequence[DamagedRun] = ()  # left out

    def smaller(self, name: str) -> bool:
        """Whether less of a value is better."""
        return any(smaller(name, run.metrics.get(RECORD)) for run in self.runs)

    @property
    def deterministic(self) -> bool:
        """Most closed forms have no seed: one run is enough."""
        return all(run.by == CLOSED_FORM and not run.computed_with_seed for run in self.runs)

    @property
    def splits(self) -> tuple[str, ...]:
        """The fingerprint of each run's split, in the order of the seeds."""
        return tuple(run.fingerprint for run in self.runs)

    @property
    def fingerprint(self) -> str:
        """The split; all of them, where each seed has its own (``split.seed='${seed}'``)."""
        return " ".join(self.splits) if self.many_splits else self.splits[0]

    @property
    def many_splits(self) -> bool:
        """Whether the seeds are those of splits, too, so that runs of two sides with the same seed belong together."""
        return len(set(self.splits)) > 1

    @property
    def label(self) -> str:
        """Label of model, fusion, loss and score; only those that the model has."""
        first = self.runs[0]
        score = first.config.get("choices", {}).get("score", "dot")
        scored = "" if score == "dot" or "score" in first.changed else f" score={score}"
        return printable(plain_name(first) + scored)

    def values(self, name: str) -> NDArray[np.float64]:
        """The value of each seed; ``DamagedRun`` where metrics.json has lost it.  [S]"""
        for run in self.runs:
            if name not in run.test:
                raise DamagedRun(run.folder, f"{run.folder}: metrics.json has no '{name}' of the test part.")
        return np.array([run.test[name] for run in self.runs])

    def mean(self, name: str) -> float | None:
        """Mean over seeds; None where a run lacks the value."""
        there = all(name in run.test for run in self.runs)
        return float(self.values(name).mean()) if there else None

    def sd(self, name: str) -> float | None:
        """Standard deviation over seeds; None for one of them."""
        values = self.values(name)
        return float(values.std(ddof=1)) if len(values) > 1 else None

    def has_users(self, name: str) -> bool:
        """Whether every run has kept the value of each user."""
        return all(name in run.schema(PER_USER) for run in self.runs)

    def per_user(self, name: str) -> NDArray[np.float64]:
        """The value of each test user, averaged over the seeds that define it.  [n], nan where none does

        With one split a user has a value for every seed or for none; with several, an item of the tail may be held out
        in some of them only.
        """
        self._check_users()
        found = [self._column(run, name) for run in self.runs]
        for run, column in zip(self.runs, found, strict=True):
            if len(column) != len(found[0]):
                raise DamagedRun(
                    run.folder, f"{run.folder}: {PER_USER} has other users than that of {self.runs[0].folder}."
                )
        columns = np.stack(found)
        there = ~np.isnan(columns)
        total = np.where(there, columns, 0.0).sum(0)
        mean: NDArray[np.float64] = np.where(there.any(0), total / np.maximum(there.sum(0), 1), np.nan)
        return mean

    def _check_users(self) -> None:
        first = self.users()
        for run in self.runs[1:] if self.many_splits else ():
            if not np.array_equal(first, self._column(run, "user")):
                raise UserError(
                    f"{self.runs[0].folder} and {run.folder} have different test users, so that no user can be "
                    "averaged over their splits: give both the same split.seed"
                )

    def users(self) -> NDArray[np.float64]:
        return self._column(self.runs[0], "user")

    @staticmethod
    def _column(run: Run, name: str) -> NDArray[np.float64]:
        file = run.folder / PER_USER
        if not file.is_file():
            if (run.folder / "topk.parquet").is_file():
                raise DamagedRun(run.folder, f"{run.folder}: {PER_USER} is missing.")
            raise UserError(f"{run.folder} has no {PER_USER}, so that nothing can be tested over its users.")
        schema = run.schema(PER_USER)
        if name not in schema:
            raise UserError(
                f"{file} has no column '{name}'; it has {', '.join(sorted(schema)[:12])} ... Set --metric or --policy."
            )
        try:
            column: NDArray[np.float64] = run.columns(PER_USER, [name])[name].to_numpy().astype(np.float64)
        except (ValueError, TypeError) as error:
            raise DamagedRun(run.folder, f"{run.folder}: {PER_USER} holds no numbers ({first_line(error)}).") from error
        if (np.abs(column) > HUGE).any():
            raise DamagedRun(run.folder, f"{run.folder}: {PER_USER} holds values of '{name}' that cannot be.")
        return column


def repetitions(runs: Sequence[Run]) -> list[list[Run]]:
    """The runs by configuration, in the order of their first runs: those that differ only in the seed are grouped.

    Keys that follow the seed in every run (``split.seed``) do not count as a difference. A repeated seed, such as a
    recipe that was run again on other data, is not a repetition: each of these runs is separate.
    """
    keys = {key for run in runs for key in run.repeated}
    follow = {key for key in keys if all(run.repeated.get(key) == run.seed for run in runs)}
    splits = "split.seed" in follow
    found: dict[tuple[object, ...], list[Run]] = {}
    for run in runs:
        recipe = tuple(sorted((key, value) for key, value in run.repeated.items() if key not in follow))
        found.setdefault((recipe, "" if splits else run.metrics.get("fingerprint")), []).append(run)
    parts: list[list[Run]] = []
    for several in found.values():
        alone = len({run.seed for run in several}) < len(several)
        parts += [[run] for run in several] if alone else [sorted(several, key=lambda r: (len(r.seed), r.seed))]
    order = {id(run): number for number, run in enumerate(runs)}
    return sorted(parts, key=lambda part: min(order[id(run)] for run in part))


def drop_repeated(runs: Sequence[Run]) -> tuple[list[Run], list[str]]:
    """The runs without closed forms that are there again, as in a sweep over fusions, which they do not have."""
    seen: dict[tuple[object, ...], Run] = {}
    again = []
    for run in runs:
        same = (
            (tuple(sorted(run.repeated.items())), run.seed, run.metrics.get("fingerprint"))
            if run.by == CLOSED_FORM
            else (id(run),)
        )
        first = seen.setdefault(same, run)
        if first is not run and first.test == run.test:
            again.append(f"{run.folder} (the same closed form as {first.folder})")
        elif first is not run:
            seen[(id(run),)] = run
    return list(seen.values()), again


def load_group(specs: str | Sequence[str]) -> RunGroup:
    """One side of a comparison, of one place or several.

    A place is ``FOLDER`` or ``FOLDER:key=value,...``: a run, or the runs below a folder (or glob) that match. Keys are
    options of a config group (``fusion=sum``) or root knobs (``dim=64``). Damaged runs are left out. Raises
    ``UserError`` where no run is found, runs have not finished, or runs differ in more than the seed.
    """
    listed = [specs] if isinstance(specs, str) else list(specs)
    found: dict[Path, Run] = {}
    damaged: list[DamagedRun] = []
    for spec in listed:
        path = parse(spec)[0]
        tops = [Path(top) for top in glob.glob(path)] or ([Path(path)] if Path(path).exists() else [])
        if not tops:
            raise UserError(f"no run folder (with a status.json) at or below '{path}'")
        runs, broken = read_all(tops)
        found |= {run.folder.resolve(): run for run in _select(spec, runs, broken)}
        damaged += broken
    return _group_of(" ".join(listed) if len(listed) < 4 else f"{listed[0]} ... {listed[-1]}", found.values(), damaged)


def select_group(spec: str, found: Sequence[Run], damaged: Sequence[DamagedRun] = ()) -> RunGroup:
    """The same of runs that are read already; ``damaged``: those that could not be."""
    return _group_of(spec, _select(spec, found, damaged), damaged)


def _group_of(called: str, runs: Iterable[Run], damaged: Sequence[DamagedRun]) -> RunGroup:
    ranked = sorted(runs, key=lambda run: (len(run.seed), run.seed))
    check_alike(called, ranked)
    return RunGroup(ranked, damaged)


def _select(spec: str, found: Sequence[Run], damaged: Sequence[DamagedRun]) -> list[Run]:
    """The finished runs that match."""
    path, wanted = parse(spec)
    matching = [run for run in found if _matches(run, wanted)]
    if not matching:
        more = f"; {len(damaged)} could not be read: {damaged[0]}" if damaged else ""
        raise UserError(f"none of the {pluralize(len(found), 'run')} below '{path}' has {_words(wanted)}{more}")
    if unfinished := [run.folder for run in matching if run.state != "finished"]:
        raise UserError(
            f"not finished: {', '.join(map(str, unfinished))}. Run them again, or exclude them from '{spec}'"
        )
    return matching


def parse(spec: str) -> tuple[str, dict[str, str]]:
    """``logs/x:model=mf,dim=64`` -> ("logs/x", {"model": "mf", "dim": "64"})"""
    path, colon, tail = spec.rpartition(":")
    if not colon or "=" not in tail:
        return spec, {}
    pairs = [part.partition("=") for part in tail.split(",")]
    return path, {key.strip(): value.strip() for key, _, value in pairs}


def _matches(run: Run, wanted: Mapping[str, str]) -> bool:
    known = {k: v for k, v in run.config.items() if not isinstance(v, dict)} | run.config.get("choices", {})
    return all(str(known.get(key)) == value for key, value in wanted.items())


def _words(wanted: Mapping[str, str]) -> str:
    return ", ".join(f"{key}={value}" for key, value in wanted.items())
