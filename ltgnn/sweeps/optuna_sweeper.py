"""What Hydra calls for a search by Optuna: ``hydra/sweeper=optuna``."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from hydra.core.override_parser.overrides_parser import OverridesParser

from ltgnn.analysis.labels import shorten_numbers
from ltgnn.sweeps.jobs import Job
from ltgnn.sweeps.ledger import Ledger
from ltgnn.sweeps.optuna_space import ends, space, to_overrides
from ltgnn.sweeps.plan import Plan
from ltgnn.sweeps.sweeper import Sweep
from ltgnn.types import UserError

EXAMPLES = 3
"""Trials that the dry run of a search shows and times."""


def need_optuna() -> None:
    """``UserError`` where it is not installed."""
    if importlib.util.find_spec("optuna") is None:
        raise UserError("hydra/sweeper=optuna needs Optuna: pip install 'ltgnn[sweep]'")


SAME = {"n_trials": "trials", "direction": "directions", "study_name": "study"}
"""Key of hydra-optuna-sweeper -> the same key here."""

DEFAULTS: Mapping[str, Any] = {"trials": 20, "directions": None, "study": None}
"""As in ``conf/hydra/sweeper/optuna.yaml``."""


def one_name(options: Mapping[str, Any]) -> dict[str, Any]:
    """``options`` without the other names of keys; ``UserError`` where both are given and differ."""
    found = {key: value for key, value in options.items() if key not in SAME}
    for other, key in SAME.items():
        value = options.get(other)
        if value is None:
            continue
        if found[key] not in (DEFAULTS[key], value):
            both = f"hydra.sweeper.{other}={value} and hydra.sweeper.{key}={found[key]}"
            raise UserError(f"{both} are the same key: give one of them.")
        found[key] = value
    return found


class Search(Sweep):
    """``hydra/sweeper=optuna``: see ``ltgnn.sweeps.optuna_plan``."""

    def __init__(self, params: Mapping[str, Any] | None, **options: Any) -> None:
        super().__init__(params)
        self.options = one_name(options)
        self.trials = int(self.options["trials"])

    def plan(self, given: list[str], ledger: Ledger) -> tuple[Plan, int]:
        need_optuna()
        from ltgnn.sweeps.optuna_plan import SearchPlan

        self.refuse_wrong_ends(given)
        plan = SearchPlan(self, given, ledger, **self.options)
        return plan, plan.trials

    def list_jobs(self, given: list[str]) -> list[Job]:
        """Examples, drawn at random from the space: the trials of a search are not known before its first results."""
        need_optuna()
        import optuna

        optuna.logging.set_verbosity(optuna.logging.WARNING)
        parser = OverridesParser.create(config_loader=self.context.config_loader)
        fixed, free = space(parser.parse_overrides(list(given)))
        study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
        asked = [study.ask(free).params for _ in range(min(EXAMPLES, self.trials or EXAMPLES))]
        jobs = [self.compose([*fixed, *to_overrides(params)], number) for number, params in enumerate(asked)]
        return [
            replace(job, label=shorten_numbers(" ".join(to_overrides(params))))
            for job, params in zip(jobs, asked, strict=True)
        ]

    def refuse_wrong_ends(self, given: list[str]) -> None:
        """``UserError`` where an option of the space, or an end of an interval, would be refused by a run."""
        parser = OverridesParser.create(config_loader=self.context.config_loader)
        fixed, free = space(parser.parse_overrides(list(given)))
        first = {key: ends(distribution)[0] for key, distribution in free.items()}
        tried = [first, *(first | {key: value} for key in free for value in ends(free[key])[1:])]
        self.checked([self.draft([*fixed, *to_overrides(params)], number) for number, params in enumerate(tried)])

    def conclude(self, plan: Plan, sweep_dir: Path) -> None:
        from ltgnn.sweeps.optuna_plan import SearchPlan

        assert isinstance(plan, SearchPlan)
        plan.conclude()
