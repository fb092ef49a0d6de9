"""Finished runs that a search learns from before its first trial."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import run_folders
from tests.sweeps.optuna_plan_case import SEARCH, metrics, trials

Launch = Callable[..., int]


def test_warm_start_takes_runs_that_the_search_could_make(
    launch: Launch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert launch("epochs=2", "fusion=sum", "lr=0.02,0.5", "seed=1,2", "sweep.name=grid", "-m") == 0
    sweep = tmp_path / "logs/train/multiruns/s"
    warm = f"hydra.sweeper.warm_start=[{tmp_path}/logs/train/multiruns/grid]"
    assert launch(*SEARCH, "lr=interval(0.01,0.1)", "seed=1", "hydra.sweeper.trials=1", warm) == 0
    printed = capsys.readouterr().out
    assert "1 of 4 finished runs could be made by this search" in printed  # lr 0.5 is outside, seed 2 another
    rows = trials(sweep)
    assert float(rows[0]["lr"]) == 0.02
    grid = next(f for f in run_folders(tmp_path / "logs/train/multiruns/grid") if f.name == rows[0]["run"])
    assert float(rows[0]["val/ndcg@20"]) == metrics(grid)["val"]["ndcg@20"]
    assert len(rows) == 2
    assert len(run_folders(sweep)) == 1
