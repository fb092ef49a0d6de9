"""What a search has found: the best trial or the Pareto front, ``trials.csv``, ``pareto.png``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.sweeps.optuna_plan_case import SEARCH, metrics, trials

Launch = Callable[..., int]


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
