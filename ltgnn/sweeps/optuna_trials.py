"""What a search tries next: Optuna is asked, and trials of processes that were killed are asked again."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import optuna
from optuna.distributions import BaseDistribution
from optuna.study import Study
from optuna.trial import FrozenTrial, Trial, TrialState

from ltgnn.sweeps.ledger import Ledger
from ltgnn.sweeps.optuna_space import grid
from ltgnn.sweeps.process_id import alive, this_process
from ltgnn.types import UserError

OWNER, UNCOUNTED = "owner", "uncounted"
"""User attributes of a trial: its process, and why it is none of the ``trials`` asked for."""


class TrialQueue:
    """``trials`` trials of a study, by several processes.

    A sampler is made anew for each trial with ``seed`` plus the trial's number: a search that was stopped and resumed,
    one job at a time, suggests what it would have suggested.
    """

    def __init__(
        self, study: Study, ledger: Ledger, free: Mapping[str, BaseDistribution], sampler: partial[Any], trials: int
    ) -> None:
        self.study, self.ledger, self.free, self.sampler, self.trials = study, ledger, dict(free), sampler, trials

    def ask(self) -> Trial | None:
        """A new trial, if one is still to be made; what dead processes left is closed and tried again first."""
        with self.ledger.lock():
            everything = self.study.get_trials(deepcopy=False)
            for trial in everything:
                if trial.state == TrialState.RUNNING and alive(trial.user_attrs.get(OWNER)) is False:
                    self._give_up(trial)
            counted = sum(UNCOUNTED not in t.user_attrs for t in self.study.get_trials(deepcopy=False))
            queued = self.study.get_trials(deepcopy=False, states=(TrialState.WAITING,))
            if counted - len(queued) >= self.trials:
                return None
            self.study.sampler = self._build_sampler(len(everything))
            if isinstance(self.study.sampler, optuna.samplers.GridSampler) and not queued and self._exhausted():
                return None
            trial = self.study.ask(self.free)
            trial.set_user_attr(OWNER, this_process())
            return trial

    def count_ended(self) -> int:
        """Trials of those asked for that have ended."""
        ended = [t for t in self.study.get_trials(deepcopy=False) if t.state.is_finished()]
        return min(self.trials, sum(UNCOUNTED not in trial.user_attrs for trial in ended))

    def others(self) -> bool:
        """Whether another process works on a trial: if it is killed, we take that over."""
        running = self.study.get_trials(deepcopy=False, states=(TrialState.RUNNING,))
        return any(alive(trial.user_attrs.get(OWNER)) is not False for trial in running)

    def _give_up(self, trial: FrozenTrial) -> None:
        """Close a trial of a dead process and queue its parameters again."""
        storage = self.study._storage
        storage.set_trial_user_attr(trial._trial_id, UNCOUNTED, "its process was killed")
        self.study.tell(trial.number, state=TrialState.FAIL)
        if trial.params.keys() == self.free.keys():
            self.study.enqueue_trial(trial.params)

    def _build_sampler(self, number: int) -> Any:
        settings: dict[str, Any] = {}
        if self.sampler.keywords.get("seed") is not None:
            settings["seed"] = self.sampler.keywords["seed"] + number
        if self.sampler.func is optuna.samplers.GridSampler:
            settings = {"search_space": grid(self.free), "seed": self.sampler.keywords.get("seed")}
        if self.sampler.func is optuna.samplers.CmaEsSampler and len(self.study.directions) > 1:
            raise UserError("hydra/sweeper/sampler=cmaes has one objective; take tpe or nsga2 for several")
        return self.sampler(**settings)

    def _exhausted(self) -> bool:
        tried = [t.params for t in self.study.get_trials(deepcopy=False) if UNCOUNTED not in t.user_attrs]
        combinations = 1
        for choices in grid(self.free).values():
            combinations *= len(choices)
        return len({tuple(sorted((k, str(v)) for k, v in params.items())) for params in tried}) >= combinations
