"""How far a long computation is: a bar with a rate on a terminal, else a plain line now and then."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

log = logging.getLogger(__name__)
EVERY = 30.0
"""Seconds between two lines; what takes less has none."""


@contextmanager
def progress(what: str, total: int, unit: str) -> Iterator[Callable[[int], None]]:
    """While the block runs, a bar on stderr, or lines in the log if that is no terminal.

    Gives the function that moves it by a number of ``unit``.
    """
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        ProgressColumn,
        Task,
        TextColumn,
        TimeRemainingColumn,
    )
    from rich.text import Text

    class Rate(ProgressColumn):
        def render(self, task: Task) -> Text:
            speed = task.finished_speed or task.speed
            return Text("" if speed is None else f"{speed:,.0f} {unit}/s", style="progress.data.speed")

    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        Rate(),
        TimeRemainingColumn(),
    )
    if not console.is_terminal:
        yield Lines(what, total, unit).advance
        return
    with Progress(*columns, console=console) as bar:
        task = bar.add_task(what, total=total)
        yield lambda step: bar.advance(task, step)


class Lines:
    """A line of the log every ``EVERY`` seconds."""

    def __init__(self, what: str, total: int, unit: str) -> None:
        self.what, self.total, self.unit = what, total, unit
        self.done, self.said = 0, time.monotonic()

    def advance(self, step: int) -> None:
        self.done += step
        if time.monotonic() - self.said >= EVERY:
            self.said = time.monotonic()
            log.info("%s: %s of %s %s", self.what, f"{self.done:,}", f"{self.total:,}", self.unit)
