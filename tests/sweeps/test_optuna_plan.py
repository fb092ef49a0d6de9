"""Searches by Optuna on the toy shop: trials, resume, warm start, Pareto front, pruning."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path

import optuna
import pytest
from optuna.trial import TrialState

from tests.conftest import run_folders
from tests.sweeps.toy import journal

Launch = Callable[..., int]
SEARCH = ["hydra/sweeper=optuna", "sweep.name=s", "epochs=2", "fusion=sum", "-m"]


def metrics(folder: Path) -> dict[str, dict[str, float]]:
    return json.loads((folder / "metrics.json").read_text())


def study(sweep: Path) -> optuna.Study:
    return optuna.load_study(study_name=None, storage=f"sqlite:///{sweep}/study.db")


def trials(sweep: Path) -> list[dict[str, str]]:
    with (sweep / "trials.csv").open() as file:
        return list(csv.DictReader(file))


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


def test_two_objectives_give_a_front(launch: Launch, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    both = "hydra.sweeper.objectives=[val/ndcg@20,val/items20/tail/ndcg@20]"
    words = [*SEARCH, "lr=tag(log,interval(1e-4,1e-1))", "loss=bpr,softmax", "hydra.sweeper.trials=6", both]
    assert launch(*words) == 0
    sweep = tmp_path / "logs/train/multiruns/s"
    printed = capsys.readouterr().out
    front = printed[printed.index("Pareto front") :]
    points = {
        row["trial"]: tuple(metrics(sweep / row["run"])["val"][name] for name in ("ndcg@20", "items20/tail/ndcg@20"))
        for row in trials(sweep)
    }
    best = {
        name
        for name, (x, y) in points.items()
        if not any(a >= x and b >= y and (a, b) != (x, y) for a, b in points.values())
    }
    shown = {line.split()[0] for line in front.splitlines() if line.strip()[:1].isdigit() and "_lightgcn_" in line}
    assert shown == best
    assert (sweep / "pareto.png").stat().st_size > 1000


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


def test_a_repeated_trial_is_not_run_again(launch: Launch, tmp_path: Path) -> None:
    assert launch(*SEARCH, "hydra/sweeper/sampler=random", "dim=4,8", "hydra.sweeper.trials=6") == 0
    sweep = tmp_path / "logs/train/multiruns/s"
    assert len(trials(sweep)) == 6
    assert len([event for event, _ in journal(sweep) if event == "begins"]) == 2


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


def test_dry_run_shows_examples_and_the_time_of_all_trials(
    launch: Launch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert launch(*SEARCH, "lr=interval(0.1,0.2)", "dim=4,8", "hydra.sweeper.trials=30", "sweep.dry_run=true") == 0
    printed = " ".join(capsys.readouterr().out.split())
    assert "3 examples of 30 trials to run" in printed
    assert "for 30 trials like these" in printed
    assert printed.count("lr=0.1") == 3
    assert not (tmp_path / "logs").exists()


def test_keys_of_hydra_optuna_sweeper(launch: Launch, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """n_trials, direction, study_name mean the same; what has no counterpart is named with what to use."""
    import optuna

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
