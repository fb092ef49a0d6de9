"""The plan of a search: Optuna suggests the next trial, run folders hold the results."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import optuna
from hydra.core.override_parser.overrides_parser import OverridesParser
from omegaconf import OmegaConf
from optuna.trial import Trial, TrialState

from ltgnn.analysis.labels import shorten_numbers
from ltgnn.runs.folder import RunFolder
from ltgnn.sweeps import optuna_results, optuna_warm_start
from ltgnn.sweeps.jobs import Job, Outcome
from ltgnn.sweeps.ledger import Ledger
from ltgnn.sweeps.objectives import values, ways
from ltgnn.sweeps.optuna_space import space, to_overrides
from ltgnn.sweeps.optuna_storage import open_storage, readable, storage_url
from ltgnn.sweeps.optuna_trials import TrialQueue
from ltgnn.sweeps.plan import POLL
from ltgnn.sweeps.sweeper import Sweep
from ltgnn.types import UserError


class SearchPlan:
    """``trials`` runs, several processes together; what was killed is tried again with the same parameters."""

    def __init__(
        self,
        sweep: Sweep,
        given: Sequence[str],
        ledger: Ledger,
        sampler: partial[Any],
        pruner: Any,
        trials: int,
        objectives: Sequence[str],
        directions: str | Sequence[str] | None,
        storage: str,
        study: str | None,
        warm_start: Sequence[str],
    ) -> None:
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        parser = OverridesParser.create(config_loader=sweep.context.config_loader)
        self.fixed, self.free = space(parser.parse_overrides(list(given)))
        if not self.free:
            raise UserError(
                "hydra/sweeper=optuna has nothing to search: give a key several values, lr=interval(1e-4,1e-2)"
            )
        self.sweep, self.ledger, self.trials = sweep, ledger, int(trials)
        self.stop_on_error = sweep.config.sweep.on_error == "stop"
        self.objectives = [str(name) for name in objectives]
        better = ways(directions, self.objectives, sweep.config.get("eval") or {})
        self.url = storage_url(storage, ledger.sweep_dir)
        self.pruning = not isinstance(pruner, optuna.pruners.NopPruner)
        if self.pruning and self.objectives != [str(sweep.config.monitor)]:
            raise UserError(
                f"hydra/sweeper/pruner stops runs by monitor={sweep.config.monitor}, so the one objective has to be "
                f"that; objectives are {', '.join(self.objectives)}. Set hydra/sweeper/pruner=none"
            )
        with ledger.lock(), readable(self.url):
            self.study = optuna.create_study(
                storage=open_storage(self.url),
                study_name=study or ledger.sweep_dir.name,
                directions=better,
                load_if_exists=True,
                pruner=pruner,
            )
            self.study.get_trials()
        if [way.name.lower() for way in self.study.directions] != better:
            raise UserError(
                f"the study '{self.study.study_name}' in {self.url} has other directions; set hydra.sweeper.study"
            )
        self.asking = TrialQueue(self.study, ledger, self.free, sampler, self.trials)
        self.before = self.asking.count_ended()
        self.in_flight: dict[int, tuple[Trial, Job]] = {}
        self.waiting: list[tuple[Trial, Job]] = []
        self.stopped = False
        self.lock = threading.Lock()
        optuna_warm_start.learn(
            self.study, ledger, [Path(f) for f in warm_start], self.free, self.objectives, self._key
        )

    def pull(self) -> Job | None:
        while True:
            with self.lock:
                for pair in list(self.waiting):  # the same parameters, in the hands of another process
                    if not self.ledger.busy(pair[1].key):
                        self.waiting.remove(pair)
                        return self._dispatch(*pair)
                trial = None if self.stopped else self.asking.ask()
                if trial is not None:
                    return self._compose(trial)
                if self.in_flight or not (self.waiting or (not self.stopped and self.asking.others())):
                    return None
            time.sleep(POLL)

    def done(self, job: Job, outcome: Outcome) -> None:
        with self.lock:
            trial, _ = self.in_flight.pop(job.number)
            if outcome.state == "busy":
                self.waiting.append((trial, job))
            elif outcome.state in ("finished", "skipped"):
                self._tell(trial, values(RunFolder(outcome.folder), self.objectives))
            else:
                self._tell(trial, state=TrialState.PRUNED if outcome.state == "pruned" else TrialState.FAIL)
                self.stopped |= outcome.state == "failed" and self.stop_on_error

    def conclude(self) -> None:
        """Report and plot the results."""
        optuna_results.conclude(self.study, self.objectives, list(self.free), self.ledger)

    def _tell(self, trial: Trial, values: list[float] | None = None, state: TrialState | None = None) -> None:
        try:
            self.study.tell(trial, values, state=state)
        except RuntimeError as error:  # GridSampler stops Optuna's loop when all is tried; there is none here
            if "Study.stop" not in str(error):
                raise

    def _compose(self, trial: Trial) -> Job:
        trial_record = None
        if self.pruning:
            pruner = OmegaConf.to_container(self.sweep.config.hydra.sweeper.pruner, resolve=True)
            trial_record = {"storage": self.url, "study": self.study.study_name, "trial": trial._trial_id}
            trial_record |= {"pruner": pruner, "monitor": self.objectives[0]}
        job = self.sweep.compose([*self.fixed, *to_overrides(trial.params)], trial.number, trial_record)
        job = replace(job, label=shorten_numbers(" ".join(to_overrides(trial.params))))
        trial.set_user_attr(optuna_results.KEY, job.key)
        return self._dispatch(trial, job)

    def _key(self, params: Mapping[str, Any]) -> str:
        """The run key of a choice of parameters."""
        return self.sweep.compose([*self.fixed, *to_overrides(params)], -1).key

    def _dispatch(self, trial: Trial, job: Job) -> Job:
        self.in_flight[job.number] = (trial, job)
        return job
