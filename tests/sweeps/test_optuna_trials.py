"""What a search tries next: Optuna is asked, and trials of processes that were killed are asked again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from optuna.trial import TrialState

from tests.sweeps.optuna_plan_case import SEARCH, study, trials
from tests.sweeps.toy import journal

Launch = Callable[..., int]


def test_a_killed_trial_is_tried_again(launch: Launch, tmp_path: Path) -> None:
    words = [*SEARCH, "lr=interval(1e-3,1e-1)"]
    assert launch(*words, "hydra.sweeper.trials=1") == 0
    sweep = tmp_path / "logs/train/multiruns/s"
    known = study(sweep)
    from optuna.distributions import FloatDistribution

    lost = known.ask({"lr": FloatDistribution(1e-3, 1e-1)})
    lost.set_user_attr("owner", {"host": __import__("socket").gethostname(), "pid": 2**22 - 1, "born": "1"})
    assert launch(*words, "hydra.sweeper.trials=2") == 0
    rows = trials(sweep)
    assert len(rows) == 2
    assert float(rows[1]["lr"]) == lost.params["lr"]
    assert [t.state for t in known.get_trials()] == [TrialState.COMPLETE, TrialState.FAIL, TrialState.COMPLETE]


def test_a_repeated_trial_is_not_run_again(launch: Launch, tmp_path: Path) -> None:
    assert launch(*SEARCH, "hydra/sweeper/sampler=random", "dim=4,8", "hydra.sweeper.trials=6") == 0
    sweep = tmp_path / "logs/train/multiruns/s"
    assert len(trials(sweep)) == 6
    assert len([event for event, _ in journal(sweep) if event == "begins"]) == 2
