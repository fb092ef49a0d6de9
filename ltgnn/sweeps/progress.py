"""What a sweep shows: a live table while it runs, a line a job where there is no terminal, what failed at the end."""

from __future__ import annotations

import csv
import logging
import shlex
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from ltgnn.io.terminal import literal, open_console, printable
from ltgnn.runs.folder import RunFolder
from ltgnn.sweeps.execute import describe_error
from ltgnn.sweeps.jobs import Job, Outcome
from ltgnn.sweeps.plan import Plan
from ltgnn.types import Damaged

RECENT = 8
"""Ended jobs that the live table shows; all of them are in the table at the end."""

STYLES = {"finished": "green", "skipped": "dim", "failed": "red", "pruned": "yellow", "running": "cyan"}

log = logging.getLogger(__name__)


class Board:
    """A plan whose jobs are watched: passes pulls and ends on, and shows them."""

    def __init__(self, plan: Plan, total: int, workers: int, monitor: str) -> None:
        self.plan, self.total, self.workers, self.monitor = plan, total, workers, monitor
        self.running: dict[str, tuple[Job, float]] = {}
        self.ended: dict[str, tuple[Job, Outcome]] = {}
        self.console = open_console()
        self.live = self.console.is_terminal

    def pull(self) -> Job | None:
        """The next job of the plan."""
        job = self.plan.pull()
        if job is not None:
            self.running[job.key] = (job, time.time())
        return job

    def done(self, job: Job, outcome: Outcome) -> None:
        """Pass on and show."""
        self.running.pop(job.key, None)
        if outcome.state != "busy":
            self.ended[job.key] = (job, outcome)
            if not self.live:
                value = self._values(outcome.folder)[1] if outcome.state == "finished" else ""
                note = f", {self.monitor} {value}" if value else ""
                note = f": {describe_error(outcome.error)}" if outcome.state == "failed" else note
                log.info(
                    "[%d/%d] %s: %s in %.1f s%s",
                    len(self.ended) + self.plan.before, self.total,
                    printable(job.label), outcome.state, outcome.seconds, printable(note),
                )  # fmt: skip
        self.plan.done(job, outcome)

    @contextmanager
    def display(self) -> Iterator[None]:
        """The live table, where there is a terminal."""
        if not self.live:
            yield
            return
        with Live(get_renderable=self._render, console=self.console, refresh_per_second=2, transient=True):
            yield

    def failures(self) -> list[tuple[Job, Outcome]]:
        return [pair for pair in self.ended.values() if pair[1].state == "failed"]

    def count_done(self) -> str:
        """``3 of 48 done: 2 finished, 1 failed; 1 running``"""
        states = Counter(outcome.state for _, outcome in self.ended.values())
        listed = ", ".join(f"{number} {state}" for state, number in states.items())
        if self.plan.before:
            listed = ", ".join(filter(None, (listed, f"{self.plan.before} before")))
        text = f"{len(self.ended) + self.plan.before} of {self.total} done" + (f": {listed}" if listed else "")
        return text + (f"; {len(self.running)} running" if self.running else "")

    def _render(self) -> Any:
        table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
        table.add_column("#", justify="right")
        table.add_column("job", overflow="ellipsis", no_wrap=True)
        table.add_column("state", no_wrap=True)
        table.add_column("epoch", justify="right", no_wrap=True)
        table.add_column(literal(self.monitor), justify="right", no_wrap=True)
        table.add_column("sec", justify="right", no_wrap=True)
        for job, outcome in list(self.ended.values())[-RECENT:]:
            table.add_row(*self._row(job, outcome.state, outcome.folder, outcome.seconds))
        for job, started in list(self.running.values()):
            table.add_row(*self._row(job, "running", job.sweep_dir / job.name, time.time() - started))
        return Group(table, Text(self.count_done() + self._time_left()))

    def _row(self, job: Job, state: str, folder: Path, seconds: float) -> list[Text]:
        shown = literal(state, STYLES.get(state, ""))
        number, label, spent = literal(job.number), literal(job.label), literal(f"{seconds:.0f}")
        return [number, label, shown, *map(literal, self._values(folder)), spent]

    def _values(self, folder: Path) -> tuple[str, str]:
        """Epoch and monitor as last written; of a finished run those of the model selected."""
        try:
            metrics = RunFolder(folder).read_json("metrics.json")
        except Damaged:  # while it is written anew
            return "", ""
        part, _, name = self.monitor.partition("/")
        if name in metrics.get(part, {}):
            return str(metrics.get("selection", {}).get("epoch", "")), f"{metrics[part][name]:.4f}"
        try:
            with (folder / "history.csv").open(newline="", encoding="utf-8") as file:
                *_, last = csv.DictReader(file)
            return str(last.get("epoch", "")), f"{float(last[self.monitor]):.4f}"
        except (OSError, ValueError, KeyError, TypeError, csv.Error):
            return "", ""

    def _time_left(self) -> str:
        taken = [o.seconds for _, o in self.ended.values() if o.state in ("finished", "failed", "pruned")]
        if not taken:
            return ""
        left = (self.total - len(self.ended) - self.plan.before) * sum(taken) / len(taken) / self.workers
        return f"; about {duration(left)} left"


def duration(seconds: float) -> str:
    """``40 s``, ``12 min``, ``3.5 h``"""
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / 3600:.1f} h"


def failed_table(failures: Sequence[tuple[Job, Outcome]]) -> Any:
    """The failed jobs with their errors, and where the tracebacks are."""
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), title="Failed jobs", title_justify="left")
    for name in ("#", "job", "error", "traceback"):
        table.add_column(name, overflow="fold")
    for job, outcome in failures:
        table.add_row(
            str(job.number), literal(job.label), literal(describe_error(outcome.error)),
            literal(f"{outcome.folder.name}/error.txt"),
        )  # fmt: skip
    return table


def command(arguments: Sequence[str], entry: str, folder: Path) -> str:
    """The command that resumes this sweep in its folder."""
    kept = [word for word in arguments if not word.startswith(("sweep.dir=", "sweep.name=", "hydra.sweep.dir="))]
    return f"{entry} {shlex.join([*kept, f'sweep.dir={folder}'])}"
