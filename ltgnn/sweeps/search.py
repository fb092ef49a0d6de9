"""The plan of a search: Optuna says what to try next, run folders say what came of it."""

from __future__ import annotations

import csv
import logging
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import optuna
from hydra.core.override_parser.overrides_parser import OverridesParser
from omegaconf import OmegaConf
from optuna.trial import FrozenTrial, Trial, TrialState

from ltgnn.runs.folder import RunFolder
from ltgnn.runs.pareto import Point, draw
from ltgnn.sweeps.jobs import Job, Outcome
from ltgnn.sweeps.ledger import Ledger
from ltgnn.sweeps.owner import alive, me
from ltgnn.sweeps.plan import POLL
from ltgnn.sweeps.space import grid, known, space, worded
from ltgnn.sweeps.storage import located, open_storage
from ltgnn.sweeps.warm import finished_runs
from ltgnn.types import Mistake

if TYPE_CHECKING:
    from ltgnn.sweeps.sweeper import Sweep

log = logging.getLogger(__name__)

KEY, OWNER, UNCOUNTED = "key", "owner", "uncounted"
"""User attributes of a trial: its run key, its process, and why it is none of the ``trials`` asked for."""


class SearchPlan:
    """``trials`` runs, several processes together; what was killed is tried again with the same parameters.

    A sampler is made anew for each trial with ``seed`` plus the trial's number: a search that was stopped and begun
    again, one job at a time, asks what it would have asked.
    """

    def __init__(
        self,
        sweep: Sweep,
        given: Sequence[str],
        ledger: Ledger,
        sampler: partial[Any],
        pruner: Any,
        trials: int,
        objectives: Sequence[str],
        directions: str | Sequence[str],
        storage: str,
        study: str | None,
        warm_start: Sequence[str],
    ) -> None:
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        parser = OverridesParser.create(config_loader=sweep.context.config_loader)
        self.fixed, self.free = space(parser.parse_overrides(list(given)))
        if not self.free:
            raise Mistake(
                "hydra/sweeper=optuna has nothing to search: give a key several values, lr=interval(1e-4,1e-2)"
            )
        self.sweep, self.ledger, self.sampler, self.trials = sweep, ledger, sampler, int(trials)
        self.stop_on_error = sweep.config.sweep.on_error == "stop"
        self.objectives = [str(name) for name in objectives]
        ways = [directions] * len(self.objectives) if isinstance(directions, str) else list(directions)
        if len(ways) != len(self.objectives) or set(ways) - {"maximize", "minimize"}:
            raise Mistake(
                f"hydra.sweeper.directions={directions}: wanted maximize or minimize, one for all or one for each of "
                f"{len(self.objectives)} objectives"
            )
        self.url = located(storage, ledger.sweep_dir)
        self.pruning = not isinstance(pruner, optuna.pruners.NopPruner)
        if self.pruning and self.objectives != [str(sweep.config.monitor)]:
            raise Mistake(
                f"hydra/sweeper/pruner stops runs by monitor={sweep.config.monitor}, so the one objective has to be "
                f"that; objectives are {', '.join(self.objectives)}. Set hydra/sweeper/pruner=none"
            )
        with ledger.locked():
            self.study = optuna.create_study(
                storage=open_storage(self.url),
                study_name=study or ledger.sweep_dir.name,
                directions=ways,
                load_if_exists=True,
                pruner=pruner,
            )
        if [way.name.lower() for way in self.study.directions] != ways:
            raise Mistake(
                f"the study '{self.study.study_name}' in {self.url} has other directions; set hydra.sweeper.study"
            )
        self.flying: dict[str, tuple[Trial, Job]] = {}
        self.waiting: list[tuple[Trial, Job]] = []
        self.stopped = False
        self.lock = threading.Lock()
        self._known_runs([Path(folder) for folder in warm_start])

    def pull(self) -> Job | None:
        while True:
            with self.lock:
                for pair in list(self.waiting):  # the same parameters, in the hands of another process
                    if not self.ledger.busy(pair[1].key):
                        self.waiting.remove(pair)
                        return self._fly(*pair)
                trial = None if self.stopped else self._ask()
                if trial is not None:
                    return self._compose(trial)
                if self.flying or not (self.waiting or (not self.stopped and self._others())):
                    return None
            time.sleep(POLL)

    def done(self, job: Job, outcome: Outcome) -> None:
        with self.lock:
            trial, _ = self.flying.pop(self._slot(job))
            if outcome.state == "busy":
                self.waiting.append((trial, job))
            elif outcome.state in ("finished", "skipped"):
                self._tell(trial, values(RunFolder(outcome.folder), self.objectives))
            else:
                self._tell(trial, state=TrialState.PRUNED if outcome.state == "pruned" else TrialState.FAIL)
                self.stopped |= outcome.state == "failed" and self.stop_on_error

    def conclude(self) -> None:
        """Print the best trial, or the Pareto front; ``trials.csv`` and, of two objectives, ``pareto.png``."""
        from rich import box
        from rich.console import Console
        from rich.table import Table
        from rich.text import Text

        completed = self.study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
        if not completed:
            log.info("no trial has finished")
            return
        self._write(completed)
        several = len(self.objectives) > 1
        title = "Pareto front" if several else "Best trial"
        table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), title=title, title_justify="left")
        for name in ("#", *self.objectives, *self.free, "run"):
            table.add_column(name, overflow="fold")
        best = self.study.best_trials if several else [self.study.best_trial]
        for trial in sorted(best, key=lambda trial: trial.values, reverse=True):
            numbers = [f"{value:.4f}" for value in trial.values]
            table.add_row(
                str(trial.number), *numbers, *(Text(str(trial.params[key])) for key in self.free), self._run(trial)
            )
        Console().print(table)
        if len(self.objectives) == 2:
            points = [Point({k: str(v) for k, v in t.params.items()}, t.values[0], t.values[1]) for t in completed]
            draw(points, self.objectives[0], self.objectives[1], self.ledger.sweep_dir / "pareto.png")
            log.info("%s", self.ledger.sweep_dir / "pareto.png")

    def _ask(self) -> Trial | None:
        """A new trial, if one is still to be made; what dead processes left is closed and tried again first."""
        with self.ledger.locked():
            everything = self.study.get_trials(deepcopy=False)
            for trial in everything:
                if trial.state == TrialState.RUNNING and alive(trial.user_attrs.get(OWNER)) is False:
                    self._give_up(trial)
            counted = sum(UNCOUNTED not in t.user_attrs for t in self.study.get_trials(deepcopy=False))
            queued = self.study.get_trials(deepcopy=False, states=(TrialState.WAITING,))
            if counted - len(queued) >= self.trials:
                return None
            self.study.sampler = self._sampler(len(everything))
            if isinstance(self.study.sampler, optuna.samplers.GridSampler) and not queued and self._exhausted():
                return None
            trial = self.study.ask(self.free)
            trial.set_user_attr(OWNER, me())
            return trial

    def _give_up(self, trial: FrozenTrial) -> None:
        """Close a trial of a dead process and queue its parameters again."""
        storage = self.study._storage
        storage.set_trial_user_attr(trial._trial_id, UNCOUNTED, "its process was killed")
        self.study.tell(trial.number, state=TrialState.FAIL)
        if trial.params.keys() == self.free.keys():
            self.study.enqueue_trial(trial.params)

    def _tell(self, trial: Trial, values: list[float] | None = None, state: TrialState | None = None) -> None:
        try:
            self.study.tell(trial, values, state=state)
        except RuntimeError as error:  # GridSampler wants to stop a loop of Optuna's when all is tried; here is none
            if "Study.stop" not in str(error):
                raise

    def _sampler(self, number: int) -> Any:
        settings: dict[str, Any] = {}
        if self.sampler.keywords.get("seed") is not None:
            settings["seed"] = self.sampler.keywords["seed"] + number
        if self.sampler.func is optuna.samplers.GridSampler:
            settings = {"search_space": grid(self.free), "seed": self.sampler.keywords.get("seed")}
        if self.sampler.func is optuna.samplers.CmaEsSampler and len(self.objectives) > 1:
            raise Mistake("hydra/sweeper/sampler=cmaes has one objective; take tpe or nsga2 for several")
        return self.sampler(**settings)

    def _exhausted(self) -> bool:
        tried = [t.params for t in self.study.get_trials(deepcopy=False) if UNCOUNTED not in t.user_attrs]
        combinations = 1
        for choices in grid(self.free).values():
            combinations *= len(choices)
        return len({tuple(sorted((k, str(v)) for k, v in params.items())) for params in tried}) >= combinations

    def _compose(self, trial: Trial) -> Job:
        told = None
        if self.pruning:
            pruner = OmegaConf.to_container(self.sweep.config.hydra.sweeper.pruner, resolve=True)
            told = {"storage": self.url, "study": self.study.study_name, "trial": trial._trial_id}
            told |= {"pruner": pruner, "monitor": self.objectives[0]}
        job = self.sweep.compose([*self.fixed, *worded(trial.params)], trial.number, told)
        job = replace(job, label=" ".join(worded(trial.params)))
        trial.set_user_attr(KEY, job.key)
        return self._fly(trial, job)

    def _fly(self, trial: Trial, job: Job) -> Job:
        self.flying[self._slot(job)] = (trial, job)
        return job

    def _slot(self, job: Job) -> str:
        return f"{job.number}"

    def _others(self) -> bool:
        """Whether another process works on a trial: if it is killed, we take that over."""
        running = self.study.get_trials(deepcopy=False, states=(TrialState.RUNNING,))
        return any(alive(trial.user_attrs.get(OWNER)) is not False for trial in running)

    def _known_runs(self, folders: Sequence[Path]) -> None:
        """Finished runs as completed trials: those whose recipe is exactly one that this search can make."""
        told = {trial.user_attrs.get(KEY) for trial in self.study.get_trials(deepcopy=False)}
        taken = 0
        runs = finished_runs(folders)
        for folder, config in runs:
            params = {}
            for key, kind in self.free.items():
                value = known(given(config, key), kind)
                if value is None:
                    break
                params[key] = value
            else:
                key = str(RunFolder(folder).read_json("status.json").get("key"))
                if key in told or self.sweep.compose([*self.fixed, *worded(params)], -1).key != key:
                    continue
                trial = optuna.trial.create_trial(
                    params=params,
                    distributions=dict(self.free),
                    values=values(RunFolder(folder), self.objectives),
                    user_attrs={KEY: key, UNCOUNTED: f"known from {folder}"},
                )
                self.study.add_trial(trial)
                with self.ledger.locked():
                    self.ledger.enter(key, str(folder.resolve()))
                told.add(key)
                taken += 1
        if runs:
            log.info("warm start: %d of %d finished runs are such as this search could make", taken, len(runs))

    def _run(self, trial: FrozenTrial) -> str:
        folder = self.ledger.folder(str(trial.user_attrs.get(KEY)))
        return "" if folder is None else folder.name

    def _write(self, completed: Sequence[FrozenTrial]) -> None:
        file = self.ledger.sweep_dir / "trials.csv"
        temporary = file.with_name(f".{file.name}")
        with temporary.open("w", newline="", encoding="utf-8") as opened:
            writer = csv.writer(opened)
            writer.writerow(["trial", *self.objectives, *self.free, "run"])
            writer.writerows([t.number, *t.values, *(t.params[k] for k in self.free), self._run(t)] for t in completed)
        temporary.replace(file)


def values(run: RunFolder, objectives: Sequence[str]) -> list[float]:
    """The objectives of a finished run, as its metrics.json has them."""
    metrics: Mapping[str, Any] = run.read_json("metrics.json")
    found = []
    for objective in objectives:
        part, _, name = objective.partition("/")
        if name not in metrics.get(part, {}):
            import difflib

            every = [f"{p}/{n}" for p in ("val", "test") for n in metrics.get(p, {})]
            near = ", ".join(difflib.get_close_matches(objective, every, n=3))
            raise Mistake(f"hydra.sweeper.objectives: {run.path} has no value '{objective}'. Near to it: {near}")
        found.append(float(metrics[part][name]))
    return found


def given(config: Mapping[str, Any], key: str) -> Any:
    """What a run was given for ``key``: the word of a group, else the value."""
    if key in config["choices"]:
        return config["choices"][key]
    value: Any = config
    for name in key.lstrip("+").split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    return value
