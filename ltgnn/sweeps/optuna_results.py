"""What a search has found: the best trial or the Pareto front, ``trials.csv``, ``pareto.png``."""

from __future__ import annotations

import csv
import logging
from collections.abc import Sequence
from typing import Any

from optuna.study import Study, StudyDirection
from optuna.trial import FrozenTrial, TrialState

from ltgnn.analysis.pareto import Point, name_settings
from ltgnn.analysis.plots.sweep_curve import draw_points
from ltgnn.io.atomic_write import replace_atomically
from ltgnn.io.spreadsheet import mark_formula
from ltgnn.io.terminal import literal, open_console
from ltgnn.sweeps.ledger import Ledger

KEY = "key"
"""User attribute of a trial: the run key of its job."""

log = logging.getLogger(__name__)


def conclude(study: Study, objectives: Sequence[str], free: Sequence[str], ledger: Ledger) -> None:
    """Print the best trial, or the Pareto front; ``trials.csv`` and, of two objectives, ``pareto.png``.

    ``free``: the keys that were searched.
    """
    completed = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
    if not completed:
        log.info("no trial has finished")
        return
    write(completed, objectives, free, ledger)
    several = len(objectives) > 1
    best = study.best_trials if several else [study.best_trial]
    more = study.directions[0] == StudyDirection.MAXIMIZE
    open_console().print(table("Pareto front" if several else "Best trial", best, objectives, free, ledger, more))
    if len(objectives) == 2:
        said = {t.number: {k: short(v) for k, v in t.params.items()} for t in completed}
        points = {
            t.number: Point(said[t.number], t.values[0], t.values[1], name_settings(said[t.number], [*said[t.number]]))
            for t in completed
        }
        chosen = [points[t.number] for t in best]
        draw_points(list(points.values()), objectives[0], objectives[1], ledger.sweep_dir / "pareto.png", chosen)
        log.info("%s", ledger.sweep_dir / "pareto.png")


def table(
    title: str,
    best: Sequence[FrozenTrial],
    objectives: Sequence[str],
    free: Sequence[str],
    ledger: Ledger,
    more: bool,
) -> Any:
    """A rich table of trials, the best in the first objective first. ``more``: more of that is better."""
    from rich import box
    from rich.table import Table

    drawn = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), title=title, title_justify="left")
    drawn.add_column("#", justify="right")
    for name in objectives:
        drawn.add_column(literal(name), justify="right", overflow="fold")
    for name in (*free, "run"):
        drawn.add_column(literal(name), overflow="fold")
    for trial in sorted(best, key=lambda trial: trial.values, reverse=more):
        numbers = [f"{value:.4f}" for value in trial.values]
        drawn.add_row(
            str(trial.number),
            *numbers,
            *(literal(short(trial.params[key])) for key in free),
            literal(folder_of(trial, ledger)),
        )
    return drawn


def write(completed: Sequence[FrozenTrial], objectives: Sequence[str], free: Sequence[str], ledger: Ledger) -> None:
    """``trials.csv``: every trial that has finished, all digits."""
    file = ledger.sweep_dir / "trials.csv"
    with replace_atomically(file) as temporary, temporary.open("w", newline="", encoding="utf-8") as opened:
        writer = csv.writer(opened)
        writer.writerow(["trial", *objectives, *free, "run"])
        for trial in completed:
            params = (mark_formula(trial.params[key]) for key in free)
            writer.writerow([trial.number, *trial.values, *params, mark_formula(folder_of(trial, ledger))])


def folder_of(trial: FrozenTrial, ledger: Ledger) -> str:
    """Name of the run folder."""
    folder = ledger.folder(str(trial.user_attrs.get(KEY)))
    return "" if folder is None else folder.name


def short(value: Any) -> str:
    """A parameter for people: four significant digits of a real number."""
    return f"{value:.4g}" if isinstance(value, float) else str(value)
