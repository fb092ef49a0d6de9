"""The runs of a report, grouped into configurations, with what the page says of each."""

from __future__ import annotations

import csv
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from ltgnn.runs.contrast import axes_of
from ltgnn.runs.folder import RunFolder, plain
from ltgnn.runs.reads_text import uses_text
from ltgnn.runs.sides import Run, Side
from ltgnn.types import Mistake

SCHEDULE = ("epochs", "min_epochs", "eval_every", "patience")
PLAINLY = ("model", "fusion", "loss", "score")


@dataclass(frozen=True)
class Lost:
    """A run without numbers."""

    folder: Path
    state: str
    error: str
    command: str


@dataclass(frozen=True)
class Configuration:
    """Runs that differ in the seed alone."""

    number: int
    words: dict[str, str]  # axis -> word, of the axes that differ in this report
    label: str  # the shortest words that tell it apart
    side: Side

    @property
    def first(self) -> Run:
        """The run with the smallest seed: of lists and curves one is shown."""
        return self.side.runs[0]

    def validation(self, name: str) -> float | None:
        """Mean of a validation value over seeds; None where a run lacks it."""
        values = [run.metrics.get("val", {}).get(name) for run in self.side.runs]
        return None if None in values else sum(values) / len(values)

    @cached_property
    def uses_text(self) -> bool:
        return uses_text(self.first.config, self.first.metrics)


@dataclass(frozen=True)
class Runs:
    """All that a report is about."""

    configurations: list[Configuration]
    lost: list[Lost]
    axes: tuple[str, ...]

    @property
    def finished(self) -> list[Run]:
        return [run for configuration in self.configurations for run in configuration.side.runs]

    @property
    def k(self) -> int:
        """List length of the page: 20, or the longest that all runs have."""
        lengths = [{int(n[5:]) for n in run.metrics["test"] if n.startswith("ndcg@")} for run in self.finished]
        shared = set.intersection(*lengths)
        if not shared:
            raise Mistake("the runs share no value ndcg@K of the test part: set the same eval.ks for all")
        return 20 if 20 in shared else max(shared)


def read(folders: Sequence[Path]) -> Runs:
    """Every run at or below ``folders``; raises ``Mistake`` where none has finished or they were tested differently."""
    places = sorted({file.parent.resolve() for folder in folders for file in folder.glob("**/status.json")})
    if not places:
        raise Mistake(f"no run folder (with a status.json) at or below: {', '.join(map(str, folders))}")
    finished, lost = [], []
    for place in places:
        folder = RunFolder(place)
        status, metrics = folder.read_json("status.json"), folder.read_json("metrics.json")
        if status.get("state") == "finished" and metrics.get("test"):
            finished.append(Run(place, plain(folder.config()), metrics))
        else:
            lost.append(Lost(place, str(status.get("state")), str(status.get("error", "")), command(place)))
    if not finished:
        raise Mistake(f"none of these runs has finished: {', '.join(str(run.folder) for run in lost)}")
    by_split: dict[str, list[Run]] = {}
    for run in finished:
        by_split.setdefault(str(run.metrics["fingerprint"]), []).append(run)
    if len(by_split) > 1:
        shown = "; ".join(
            f"{print_[:12]}: {runs[0].folder} and {len(runs) - 1} more" for print_, runs in by_split.items()
        )
        raise Mistake(
            f"the runs were tested on {len(by_split)} different splits ({shown}): their numbers cannot stand in one "
            "table. Give the folders of one data set and split at a time"
        )
    axes = axes_of(finished)
    return Runs(group(finished, axes), lost, axes)


def group(runs: Sequence[Run], axes: Sequence[str]) -> list[Configuration]:
    """Configurations in the order of their first run. Keys that follow the seed in every run are no difference."""
    keys = {key for run in runs for key in run.repeated}
    follow = {key for key in keys if all(run.repeated.get(key) == run.seed for run in runs)}
    found: dict[tuple[tuple[str, str], ...], list[Run]] = {}
    for run in runs:
        recipe = tuple(sorted((key, value) for key, value in run.repeated.items() if key not in follow))
        found.setdefault(recipe, []).append(run)
    words = [{axis: several[0].word(axis) for axis in axes} for several in found.values()]
    return [
        Configuration(
            number,
            words[number],
            labels(words)[number],
            Side(sorted(several, key=lambda run: (len(run.seed), run.seed))),
        )
        for number, several in enumerate(found.values())
    ]


def labels(configurations: Sequence[dict[str, str]]) -> list[str]:
    """Names of the configurations: an experiment says it all; how long was trained is said only where it matters."""
    full = [_label(words) for words in configurations]
    few = [{axis: word for axis, word in words.items() if axis not in SCHEDULE} for words in configurations]
    short = [_label(words) for words in few] if all(few) else full
    return short if len(set(short)) == len(set(full)) else full


def _label(words: dict[str, str]) -> str:
    named = words.get("experiment")
    if named and named != "None":
        return named.removeprefix("quickstart/")
    plainly = [words[axis] for axis in PLAINLY if axis in words]
    return " ".join([*plainly, *(f"{a}={w}" for a, w in words.items() if a not in (*PLAINLY, "experiment"))])


def command(folder: Path) -> str:
    """The line that runs one job again."""
    from omegaconf import OmegaConf

    overrides, config = folder / "overrides.yaml", folder / "config.yaml"
    words = [str(word) for word in OmegaConf.load(overrides)] if overrides.is_file() else []
    task = RunFolder(folder).config().get("task", "train") if config.is_file() else "train"
    return shlex.join(["ltgnn", str(task), *words])


def history(run: Run) -> list[dict[str, float]]:
    """Rows of history.csv; of an epoch that was run twice (killed and begun again) the later one."""
    file = run.folder / "history.csv"
    if not file.is_file():
        return []
    with file.open(newline="", encoding="utf-8") as lines:
        rows = [{key: float(value) for key, value in row.items() if value} for row in csv.DictReader(lines)]
    return [row for _, row in sorted({row["epoch"]: row for row in rows}.items())]
