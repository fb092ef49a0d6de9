"""What Hydra calls for a search by Optuna: ``hydra/sweeper=optuna``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import optuna
import pytest

from tests.sweeps.optuna_plan_case import SEARCH

Launch = Callable[..., int]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["lr=0.1"], "nothing to search"),
        (["lr=interval(0.1,0.2)", "hydra.sweeper.storage=file"], "storage"),
        (["lr=interval(0.1,0.2)", "hydra.sweeper.directions=up"], "directions"),
        (["lr=interval(0.1,0.2)", "hydra.sweeper.objectives=[val/ndgc@20]", "hydra.sweeper.trials=1"], "ndcg@20"),
        (["lr=interval(0.1,0.2)", "hydra/sweeper/pruner=median", "hydra.sweeper.objectives=[test/auc]"], "pruner=none"),
        (["lr=interval(0.1,0.2)", "hydra.sweeper.warm_start=[/nowhere]"], "warm_start"),
        (["lr=interval(0.1,0.2)", "sweep.on_error=never"], "continue or stop"),
        (["lr=1,2", "hydra/launcher=basic"], "hydra/launcher"),
    ],
)
def test_mistakes(launch: Launch, capsys: pytest.CaptureFixture[str], words: list[str], message: str) -> None:
    assert launch(*SEARCH, *words) == 1
    assert message in capsys.readouterr().err


def test_keys_of_hydra_optuna_sweeper(launch: Launch, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """n_trials, direction, study_name mean the same; what has no counterpart is named with what to use."""

    same = ["hydra.sweeper.n_trials=2", "hydra.sweeper.direction=maximize", "hydra.sweeper.study_name=mine"]
    assert launch(*SEARCH, "lr=interval(1e-3,1e-1)", "hydra/sweeper/sampler=random", *same) == 0
    (file,) = (tmp_path / "logs/train/multiruns/s").glob("*.db")
    study = optuna.load_study(study_name="mine", storage=f"sqlite:///{file}")
    assert len(study.trials) == 2
    assert study.direction.name == "MAXIMIZE"
    capsys.readouterr()
    assert launch(*SEARCH, "lr=interval(1e-3,1e-1)", "hydra.sweeper.n_trials=2", "hydra.sweeper.trials=3") == 1
    assert "hydra.sweeper.n_trials=2 and hydra.sweeper.trials=3 are the same key" in capsys.readouterr().err
    for key, said in (
        ("n_jobs=3", "hydra.launcher.workers=2"),
        ("max_failure_rate=0.1", "sweep.on_error=stop"),
        ("search_space.lr=3", "lr=interval(1e-4,1e-1)"),
        ("trails=3", "Did you mean 'hydra.sweeper.trials'?"),
    ):
        assert launch(*SEARCH, "lr=interval(1e-3,1e-1)", f"hydra.sweeper.{key}") == 1
        assert said in capsys.readouterr().err


def test_a_key_of_another_sweeper(launch: Launch, capsys: pytest.CaptureFixture[str]) -> None:
    assert launch("hydra.sweeper.n_trials=3", "seed=1,2", "-m") == 1
    assert "It is a key of hydra/sweeper=optuna." in capsys.readouterr().err
    assert launch("hydra.run.dirr=x") == 1
    assert "--cfg hydra" in capsys.readouterr().err
