"""Finished runs that a search learns from before its first trial."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import optuna
from optuna.distributions import BaseDistribution
from optuna.study import Study

from ltgnn.io.pluralize import pluralize
from ltgnn.runs.folder import RunFolder
from ltgnn.sweeps.ledger import Ledger
from ltgnn.sweeps.objectives import values
from ltgnn.sweeps.optuna_results import KEY
from ltgnn.sweeps.optuna_space import to_trial_value
from ltgnn.sweeps.optuna_trials import UNCOUNTED
from ltgnn.types import Damaged, UserError

log = logging.getLogger(__name__)


def learn(
    study: Study,
    ledger: Ledger,
    folders: Sequence[Path],
    free: Mapping[str, BaseDistribution],
    objectives: Sequence[str],
    key_of: Callable[[Mapping[str, Any]], str],
) -> None:
    """Finished runs as completed trials: those whose recipe is exactly one that this search can make.

    ``key_of``: the run key of a choice of parameters.
    """
    known_keys = {trial.user_attrs.get(KEY) for trial in study.get_trials(deepcopy=False)}
    taken = 0
    runs = finished_runs(folders)
    for folder, config in runs:
        found = {name: to_trial_value(given_value(config, name), kind) for name, kind in free.items()}
        key = str(RunFolder(folder).read_json("status.json").get("key"))
        if None in found.values() or key in known_keys or key_of(found) != key:
            continue
        trial = optuna.trial.create_trial(
            params=found,
            distributions=dict(free),
            values=values(RunFolder(folder), objectives),
            user_attrs={KEY: key, UNCOUNTED: f"known from {folder}"},
        )
        study.add_trial(trial)
        with ledger.lock():
            ledger.enter(key, str(folder.resolve()))
        known_keys.add(key)
        taken += 1
    if runs:
        log.info("warm start: %d of %s could be made by this search", taken, pluralize(len(runs), "finished run"))


def finished_runs(folders: Sequence[Path]) -> list[tuple[Path, dict[str, Any]]]:
    """(folder, resolved config) of every finished run at or below ``folders``, by name."""
    found = []
    for top in folders:
        if not top.is_dir():
            raise UserError(f"hydra.sweeper.warm_start: no folder {top}; wanted folders of runs or of sweeps")
        for file in sorted(top.glob("**/status.json")):
            run = RunFolder(file.parent)
            try:
                if run.read_json("status.json").get("state") == "finished":
                    run.read_json("metrics.json")
                    found.append((file.parent, run.recipe()))
            except Damaged as damaged:
                log.warning("%s The warm start leaves it out.", damaged)
    return found


def given_value(config: Mapping[str, Any], key: str) -> Any:
    """What a run was given for ``key``: the option of a group, else the value."""
    if key in config["choices"]:
        return config["choices"][key]
    value: Any = config
    for name in key.lstrip("+").split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    return value
