"""Searches by Optuna on the toy shop: trials, resume, warm start, Pareto front, pruning."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from optuna.trial import TrialState

from tests.conftest import run_folders
from tests.sweeps.optuna_plan_case import SEARCH, metrics, study, trials

Launch = Callable[..., int]


@pytest.mark.parametrize(
    ("sampler", "storage"), [("tpe", "sqlite"), ("cmaes", "journal"), ("random", "sqlite"), ("nsga2", "journal")]
)
def test_every_sampler(launch: Launch, tmp_path: Path, sampler: str, storage: str) -> None:
    space = ["lr=tag(log,interval(1e-3,1e-1))", "num_layers=range(1,4)"]
    words = [f"hydra/sweeper/sampler={sampler}", f"hydra.sweeper.storage={storage}", "hydra.sweeper.trials=4"]
    assert launch(*SEARCH, *space, *words) == 0
    sweep = tmp_path / "logs/train/multiruns/s"
    rows = trials(sweep)
    assert len(rows) == 4
    for row in rows:  # the table, the folder and its config say the same
        folder = sweep / row["run"]
        assert metrics(folder)["val"]["ndcg@20"] == float(row["val/ndcg@20"])
        assert f"lr: {float(row['lr'])}" in (folder / "config.yaml").read_text()
        assert 1e-3 <= float(row["lr"]) <= 1e-1
        assert row["num_layers"] in "123"
    assert len({row["lr"] for row in rows}) == 4


def test_a_grid_ends_when_all_is_tried(launch: Launch, tmp_path: Path) -> None:
    assert launch(*SEARCH, "hydra/sweeper/sampler=grid", "dim=4,8", "num_layers=range(1,3)") == 0
    rows = trials(tmp_path / "logs/train/multiruns/s")
    assert sorted((row["dim"], row["num_layers"]) for row in rows) == [("4", "1"), ("4", "2"), ("8", "1"), ("8", "2")]


def test_a_resumed_search_asks_what_it_would_have_asked(launch: Launch, tmp_path: Path) -> None:
    space = ["hydra/sweeper=optuna", "epochs=2", "fusion=sum", "lr=interval(1e-3,1e-1)", "-m"]
    for trial_counts, name in (([5], "whole"), ([2, 5], "resumed")):
        for count in trial_counts:
            assert launch(*space, f"sweep.name={name}", f"hydra.sweeper.trials={count}") == 0
    whole, resumed = (trials(tmp_path / "logs/train/multiruns" / name) for name in ("whole", "resumed"))
    assert [row["lr"] for row in whole] == [row["lr"] for row in resumed]
    assert len(whole) == 5


def test_pruned_runs_are_no_failures(launch: Launch, tmp_path: Path) -> None:
    words = ["hydra/sweeper/pruner=median", "hydra.sweeper.pruner.n_startup_trials=1", "hydra.sweeper.sampler.seed=1"]
    ends = ["hydra.sweeper.pruner.n_warmup_steps=0", "hydra/sweeper/sampler=grid", "lr=1e-1,1e-9", "eval_every=1"]
    assert launch(*SEARCH, *words, *ends, "epochs=8") == 0
    sweep = tmp_path / "logs/train/multiruns/s"
    states = {f.name: json.loads((f / "status.json").read_text())["state"] for f in run_folders(sweep)}
    found = [t.state for t in study(sweep).get_trials()]
    assert TrialState.PRUNED in found
    assert list(states.values()).count("pruned") == found.count(TrialState.PRUNED)
    assert not any((sweep / name / "metrics.json").exists() for name, state in states.items() if state == "pruned")
    first = study(sweep).get_trials()[0]
    assert list(first.intermediate_values) == list(range(1, 9))
    history = next(sweep.glob("000*/history.csv")).read_text().splitlines()
    column = history[0].split(",").index("val/ndcg@20")
    assert list(first.intermediate_values.values()) == [float(line.split(",")[column]) for line in history[1:]]


def test_dry_run_shows_examples_and_the_time_of_all_trials(
    launch: Launch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert launch(*SEARCH, "lr=interval(0.1,0.2)", "dim=4,8", "hydra.sweeper.trials=30", "sweep.dry_run=true") == 0
    printed = " ".join(capsys.readouterr().out.split())
    assert "3 examples of 30 trials to run" in printed
    assert "for 30 trials like these" in printed
    assert printed.count("lr=0.1") == 3
    assert not (tmp_path / "logs").exists()
