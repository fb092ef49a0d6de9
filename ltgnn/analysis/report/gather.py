"""The runs of a report, grouped into configurations, with their data on the page."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from ltgnn.analysis.item_groups import list_length, policy_of
from ltgnn.analysis.labels import differing_keys, labels
from ltgnn.analysis.run_groups import RunGroup, drop_repeated, repetitions
from ltgnn.io.terminal import printable
from ltgnn.runs.reading import read_all, without_damaged
from ltgnn.runs.run import DamagedRun, Run
from ltgnn.types import UserError


@dataclass(frozen=True)
class RunWithoutResults:
    """A run without numbers."""

    folder: Path
    state: str
    error: str
    command: str


@dataclass(frozen=True)
class Configuration:
    """Runs that differ only in the seed."""

    number: int
    options: dict[str, str]  # key -> option, of those that differ in this report
    label: str  # the shortest distinguishing label
    side: RunGroup

    @property
    def first(self) -> Run:
        """The run with the smallest seed: of lists and curves one is shown."""
        return self.side.runs[0]

    def validation(self, name: str) -> float | None:
        """Mean of a validation value over seeds; None where a run lacks it."""
        values = [run.metrics.get("val", {}).get(name) for run in self.side.runs]
        return None if None in values else sum(values) / len(values)

    @property
    def uses_features(self) -> bool:
        return self.first.uses_features


@dataclass(frozen=True)
class Runs:
    """All that a report is about."""

    configurations: list[Configuration]
    lost: list[RunWithoutResults]
    keys: tuple[str, ...]
    damaged: list[DamagedRun]
    policy: str  # groups of items that the page is about

    @cached_property
    def finished(self) -> list[Run]:
        return [run for configuration in self.configurations for run in configuration.side.runs]

    @cached_property
    def k(self) -> int:
        """List length of the page."""
        if not any(name.startswith("ndcg@") for run in self.finished for name in run.test):
            raise UserError("no run has a value ndcg@K of the test part: evaluate with eval.metrics.ndcg and eval.ks")
        return list_length(self.finished)


def read_runs(folders: Sequence[Path], policy: str | None = None) -> Runs:
    """Every run at or below ``folders``; ``UserError`` where none has finished or they were tested differently."""
    runs, damaged = read_all([folder.resolve() for folder in folders])
    finished = [run for run in runs if run.state == "finished" and run.test]
    if not finished:
        listed = [*(str(run.folder) for run in runs), *(str(error.folder) for error in damaged)]
        raise UserError(f"none of these runs has finished: {', '.join(listed)}")
    lost = [
        RunWithoutResults(run.folder, run.state, printable(run.error), command(run))
        for run in runs
        if run not in finished
    ]
    return without_damaged(finished, lambda left: arrange(left, lost, damaged, policy), damaged)


def arrange(
    finished: Sequence[Run], lost: list[RunWithoutResults], damaged: list[DamagedRun], policy: str | None
) -> Runs:
    """Finished runs of one split by configuration; ``policy``: None is items20."""
    by_split: dict[str, list[Run]] = {}
    for run in finished:
        by_split.setdefault(run.fingerprint, []).append(run)
    if len(by_split) > 1:
        shown = "; ".join(
            f"{print_[:12]}: {runs[0].folder} and {len(runs) - 1} more" for print_, runs in by_split.items()
        )
        raise UserError(
            f"the runs were tested on {len(by_split)} different splits ({shown}): their numbers cannot be in one "
            "table. Give the folders of one data set and split at a time"
        )
    keys = differing_keys(finished)
    return Runs(group(drop_repeated(finished)[0], keys), lost, keys, damaged, policy_of(finished, policy))


def group(runs: Sequence[Run], keys: Sequence[str]) -> list[Configuration]:
    """Configurations in the order of their first run."""
    parts = repetitions(runs)
    names = dict(zip(map(id, runs), labels(runs), strict=True))
    return [
        Configuration(
            number, {key: printable(part[0].option(key)) for key in keys}, names[id(part[0])], RunGroup(part)
        )
        for number, part in enumerate(parts)
    ]  # fmt: skip


def command(run: Run) -> str:
    """The line that runs one job again, alone: with the user's yaml trees, without where its sweep is kept."""
    trees = [f"--config-dir={folder}" for folder in run.yaml_folders]
    words = [word for word in run.overrides if not word.lstrip("+").startswith("sweep.")]
    return shlex.join(["ltgnn", str(run.config.get("task", "train")), *trees, *words])
