"""``sweep.dry_run=true``: what a sweep would do, where, and how long it would take."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Any

from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig, OmegaConf
from rich import box
from rich.table import Table

from ltgnn.analysis.notes import number_sentences
from ltgnn.config.sweep_cache import Cache
from ltgnn.io.pluralize import pluralize
from ltgnn.io.terminal import literal, open_console, say
from ltgnn.sweeps.execute import clean
from ltgnn.sweeps.jobs import Job
from ltgnn.sweeps.ledger import Ledger
from ltgnn.sweeps.progress import duration
from ltgnn.types import UserError

Probe = Callable[[DictConfig, Cache], float]
"""Seconds that a job would take at most, found by two of its steps; leaves no file."""

REPEATS = ("seed",)
"""Keys without effect on time: of jobs that differ only in them, one is probed."""

log = logging.getLogger(__name__)


def dry_run(
    jobs: Sequence[Job], ledger: Ledger | None, probe: Probe | None, workers: int, trials: int | None = None
) -> None:
    """Print every job with its folder and, where there is a probe, its time; nothing is run or written.

    ``trials``: the number of jobs that a search will run, of which these are examples; None: these are all.
    """
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for name, side in (("#", "right"), ("job", "left"), ("folder", "left"), ("state", "left"), ("at most", "right")):
        table.add_column(name, justify=side, overflow="fold")  # type: ignore[arg-type]
    times: dict[str, float | str] = {}
    refused: list[tuple[int, str]] = []
    total, todo = 0.0, 0
    cache = Cache()
    for job in jobs:
        finished = ledger is not None and ledger.finished(job.key)
        kind = " ".join(word for word in job.overrides if word.partition("=")[0] not in REPEATS)
        if not finished and kind not in times:
            times[kind] = probe_job(job, probe, cache) if probe else ""
        cost = "" if finished else times[kind]
        known = ledger.folder(job.key) if ledger is not None else None
        table.add_row(
            str(job.number), literal(job.label), literal((known or job.sweep_dir / job.name).name),
            "finished" if finished else "to run",
            duration(cost) if isinstance(cost, float) else literal("would fail" if cost else "", "red"),
        )  # fmt: skip
        if isinstance(cost, str) and cost:
            refused.append((job.number, cost))
        todo += not finished
        total += cost if isinstance(cost, float) else 0.0
    console = open_console()
    console.print(table)
    if refused:
        say(console, number_sentences(refused), "red")
    where = jobs[0].sweep_dir if jobs else ""
    note = f"; {len(refused)} would fail at once" if refused else ""
    shared = f" with {workers} at a time" if workers > 1 else ""
    if trials is not None and jobs:
        total *= trials / len(jobs)
        shared += f" for {pluralize(trials, 'trial')} like these"
    timed = (
        f"At most {duration(total / workers)}{shared}, if no run stops early: two steps and one evaluation of each "
        "kind of job were timed. "
    )
    given = pluralize(len(jobs), "job") if trials is None else pluralize(len(jobs), "example")
    some = f"{todo} of {given} to run" if trials is None else f"{given} of {pluralize(trials, 'trial')} to run"
    say(console, f"{some} in {where}{note}.\n{timed if probe else ''}Nothing was written.")


def probe_job(job: Job, probe: Probe, cache: Cache) -> float | str:
    """Seconds, or why the job cannot run."""
    before = HydraConfig.instance().cfg
    try:
        HydraConfig.instance().set_config(job.config)
        recipe: Any = OmegaConf.masked_copy(job.config, [str(key) for key in job.config if key != "hydra"])
        with clean():
            return probe(recipe, cache)
    except UserError as mistake:
        return str(mistake).partition("\n")[0]
    finally:
        HydraConfig.instance().cfg = before
