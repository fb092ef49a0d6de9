"""What Hydra calls for a sweep: the part that every sweep has, and the grid; an interrupted sweep resumes."""

from __future__ import annotations

import inspect
import itertools
import logging
import shutil
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.plugins import Plugins
from hydra.core.utils import configure_log, setup_globals
from hydra.types import HydraContext, TaskFunction
from hydra.utils import instantiate
from omegaconf import DictConfig, OmegaConf, open_dict, read_write

from ltgnn.analysis.table import show
from ltgnn.config import safe_names
from ltgnn.config.hydra_entry import SWEPT, Output
from ltgnn.config.paths import write_whole
from ltgnn.io.atomic_write import Unwritable
from ltgnn.io.pluralize import pluralize
from ltgnn.io.terminal import say
from ltgnn.sweeps import sweep_record
from ltgnn.sweeps.composing import Composer
from ltgnn.sweeps.dry_run import dry_run
from ltgnn.sweeps.jobs import Draft, Job, compose, keyed, label_jobs, refuse_wrong_jobs
from ltgnn.sweeps.ledger import Ledger
from ltgnn.sweeps.plan import GridPlan, Plan
from ltgnn.sweeps.progress import Board, command, failed_table
from ltgnn.types import UserError

log = logging.getLogger(__name__)

ON_ERROR = ("continue", "stop")

NOW = "${now:"
"""A name made of the time."""

MONITOR = "test/ndcg@20"
"""What the live table shows of commands without ``monitor``: they only evaluate."""


class Sweep:
    """What grid and search have in common: folder, resume, launcher, board, the end."""

    trials: int | None = None
    """How many jobs a search will choose; None: all are listed."""

    def __init__(self, params: Mapping[str, Any] | None) -> None:
        self.params = dict(params or {})

    def setup(self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig) -> None:
        """Hydra's order of calls: this, then ``sweep``."""
        self.context, self.task, self.config = hydra_context, task_function, config
        self.output: Output = getattr(task_function, "output", Output())
        launcher: Any = Plugins.instance().instantiate_launcher(hydra_context, task_function, config)
        if not hasattr(launcher, "runner"):
            raise UserError(
                f"hydra/launcher={type(launcher).__name__} cannot resume; wanted local, pool, joblib or submitit"
            )
        self.launcher = launcher.runner
        self.composer = Composer(hydra_context.config_loader, config)  # type: ignore[arg-type]  # Hydra has no other

    def sweep(self, arguments: list[str]) -> None:
        """Run what has not finished yet; show the table of all."""
        setup_globals()
        configure_log(self.config.hydra.hydra_logging, self.config.hydra.verbose)
        options = self.config.sweep
        if options.on_error not in ON_ERROR:
            raise UserError(f"sweep.on_error={options.on_error}: wanted {' or '.join(ON_ERROR)}")
        given, since = [f"{key}={value}" for key, value in self.params.items()] + arguments, time.time()
        safe_names.name(str(options.name), "sweep.name")
        safe_names.name(str(self.config.task), "task")
        entry, *words = sys.argv
        absent = [folder for folder in Path(self.config.hydra.sweep.dir).absolute().parents if not folder.exists()]
        resumed = self.resume(words)
        if self.timed and not resumed and not options.dry_run:
            self.assign_folders(claim_folder(Path(self.config.hydra.sweep.dir)))
        sweep_dir = Path(self.config.hydra.sweep.dir).resolve()
        if options.dry_run:
            probe = instantiate(options.probe)
            dry_run(self.list_jobs(given), Ledger.of(sweep_dir), probe, self.launcher.workers, self.trials)
            return
        self.output.folder = sweep_dir
        made = not any(sweep_dir.glob("*"))
        ledger = Ledger(sweep_dir)
        write_whole(sweep_dir / "multirun.yaml", OmegaConf.to_yaml(self.config))
        ledger.adopt()
        try:
            plan, total = self.plan(given, ledger)
        except UserError:
            if made:
                discard(sweep_dir, absent)
            raise
        sweep_record.write(sweep_dir, words, "running")
        board = Board(plan, total, self.launcher.workers, str(self.config.get("monitor") or MONITOR))
        board.live &= self.output.progress
        again = command(words, entry, Path(self.config.hydra.sweep.dir))
        log.info("sweep of %s in %s", pluralize(total, "job"), self.config.hydra.sweep.dir)
        try:
            with board.display():
                self.launcher.run(board, inspect.unwrap(self.task), since)
        except BaseException:
            with suppress(Unwritable):  # what stopped the sweep may be a full disk
                sweep_record.write(sweep_dir, words, "interrupted")
            log.info("%s\nGo on with: %s", board.count_done(), again)
            raise
        failures = board.failures()
        stopped = bool(failures) and options.on_error == "stop"
        sweep_record.write(sweep_dir, words, "interrupted" if stopped else "ended")
        log.info("%s in %s", board.count_done(), self.config.hydra.sweep.dir)
        if self.output.tables:
            show([Path(self.config.hydra.sweep.dir)])
            self.conclude(plan, sweep_dir)
        if failures:
            if self.output.tables:
                board.console.print(failed_table(failures))
                say(board.console, f"They run again, and nothing else does, with:\n  {again}")
            self.report([outcome.error for _, outcome in failures])

    @property
    def timed(self) -> bool:
        """Whether the sweep's folder is named by the time, so that no other sweep may be meant by it."""
        given: Any = OmegaConf.to_container(self.config.sweep, resolve=False)
        return NOW in given["dir"] or (NOW in given["name"] and "${sweep.name}" in given["dir"])

    def resume(self, words: Sequence[str]) -> bool:
        """Take the folder of the same command's last sweep where that was interrupted and none is named."""
        target = Path(self.config.hydra.sweep.dir)
        if not self.config.sweep.resume or (target.exists() and not self.timed):
            return False
        if folder := sweep_record.find_interrupted(target.parent, words):
            log.info("resuming %s, which was interrupted (sweep.resume=false starts anew)", folder)
            self.assign_folders(folder)
        return folder is not None

    def assign_folders(self, folder: Path) -> None:
        """Make ``folder`` the sweep's."""
        with read_write(self.config.hydra), open_dict(self.config):
            self.config.hydra.sweep.dir = str(folder)

    def report(self, errors: Sequence[str]) -> None:
        """Report failed jobs to the entry point, which gives the exit code."""
        caught: list[Exception] = getattr(self.task, "caught", [])
        for error in errors:
            failed = JobFailed(error)
            failed.add_note(SWEPT)
            caught.append(failed)

    def compose(self, overrides: Sequence[str], number: int, trial: Mapping[str, Any] | None = None) -> Job:
        return self.checked([self.draft(overrides, number, trial)])[0]

    def draft(self, overrides: Sequence[str], number: int, trial: Mapping[str, Any] | None = None) -> Draft:
        return compose(self.composer, overrides, number, {"trial": trial, "running": True})

    def checked(self, drafts: Sequence[Draft]) -> list[Job]:
        """The jobs, or ``UserError`` where one has a value that would be refused later."""
        refuse_wrong_jobs(drafts, str(self.config.hydra.job.config_name))
        return [keyed(draft, self.composer.asked_for) for draft in drafts]

    def plan(self, given: list[str], ledger: Ledger) -> tuple[Plan, int]:
        raise NotImplementedError

    def list_jobs(self, given: list[str]) -> list[Job]:
        raise NotImplementedError

    def conclude(self, plan: Plan, sweep_dir: Path) -> None:
        """Further lines for the table."""


def claim_folder(folder: Path) -> Path:
    """``folder``, made, or the first of ``folder_2``, ``folder_3`` ... that is not there: no two processes get one."""
    for number in itertools.count(1):
        free = folder if number == 1 else folder.with_name(f"{folder.name}_{number}")
        with suppress(FileExistsError):
            free.mkdir(parents=True)
            return free
    raise AssertionError("unreachable")


def discard(sweep_dir: Path, parents: Sequence[Path] = ()) -> None:
    """Remove the folder of a sweep that was refused, unless another process has put something there meanwhile.

    ``parents``: those that were made for it, the innermost first; they go where nothing else is in them.
    """
    there = {str(file.relative_to(sweep_dir)) for file in sweep_dir.rglob("*")}
    if there <= {"multirun.yaml", ".sweep", ".sweep/lock"}:
        shutil.rmtree(sweep_dir, ignore_errors=True)
        with suppress(OSError):  # not empty: another sweep is there by now
            for folder in parents:
                folder.rmdir()


class JobFailed(Exception):
    """A job of a sweep failed; the sweep's table reports which and why."""


class Grid(Sweep):
    """``hydra/sweeper=grid``, the default: every combination of commas, ``choice()``, ``range()`` and ``glob()``."""

    def plan(self, given: list[str], ledger: Ledger) -> tuple[Plan, int]:
        jobs = self.list_jobs(given)
        return GridPlan(jobs, ledger, self.config.sweep.on_error == "stop"), len(jobs)

    def list_jobs(self, given: list[str]) -> list[Job]:
        """All jobs composed, so that an unknown option is reported before the first one runs."""
        parser = OverridesParser.create(config_loader=self.context.config_loader)
        (batch,) = BasicSweeper.split_arguments(parser.parse_overrides(given), None)
        jobs = self.checked([self.draft(overrides, number) for number, overrides in enumerate(batch)])
        if doubles := len(jobs) - len({job.key for job in jobs}):
            log.info("%d of %s the same as earlier ones: left out", doubles, pluralize(len(jobs), "job"))
        return label_jobs(jobs)
