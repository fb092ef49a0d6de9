"""The direction of a value: stated at its metric, followed by checkpoint, early stop, search and comparison."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
import torch

from ltgnn.analysis.pareto import Point, front
from ltgnn.config.metric_direction import BEFORE, mixed_direction, named_smaller, smaller, smaller_in
from ltgnn.evaluation.metric import metric
from ltgnn.sweeps.objectives import ways
from ltgnn.types import UserError
from tests.config.metric_direction_case import composed


@metric("hits", smaller_is_better=True)
def cost(hits: Any, k: int) -> torch.Tensor:
    return torch.zeros(len(hits.relevant), dtype=torch.float64)


@pytest.mark.parametrize(
    ("monitor", "mode"),
    [
        ("val/ndcg@20", "max"), ("val/arp@20", "min"), ("val/activity/casual/gini@20", "min"),
        ("val/items20/prsp@20", "min"), ("test/items20/tail/share@10", "max"), ("val/not_scorable", "min"),
        ("val/balanced", "max"),
    ],
)  # fmt: skip
def test_checkpoint_and_early_stop_have_the_direction_of_the_monitor(monitor: str, mode: str) -> None:
    callbacks = composed(f"monitor={monitor}").callbacks
    assert callbacks.checkpoint.mode == callbacks.early_stop.mode == mode


def test_mixtures(evaluation: dict[str, Any]) -> None:
    given = evaluation | {"mixtures": {"low": {"arp@20": 1.0, "ndcg@20": -1.0}, "odd": {"arp@20": 1, "ndcg@20": 1}}}
    assert smaller_in(given, "val/low")
    with pytest.raises(UserError, match="negative weight"):
        smaller_in(given, "val/odd")
    assert not mixed_direction("m", {"a": -1.0}, lambda _: True)


def test_a_metric_of_one_s_own(evaluation: dict[str, Any]) -> None:
    own = evaluation | {"metrics": {"cost": {"_target_": f"{__name__}.cost"}}}
    assert smaller_in(own, "val/items20/tail/cost@20")
    assert "cost" in named_smaller({"metrics": {"cost": partial(cost)}})
    assert smaller("test/cost@20", ["cost"])
    assert not smaller("test/arp@20", ["cost"])  # the run's own record decides


def test_a_search_goes_the_way_of_its_objectives(evaluation: dict[str, Any]) -> None:
    objectives = ["val/ndcg@20", "val/items20/preo@10"]
    assert ways(None, objectives, evaluation) == ["maximize", "minimize"]
    assert ways("maximize", objectives, evaluation) == ["maximize", "maximize"]  # what is given stands


def test_the_front_of_a_value_of_which_less_is_better() -> None:
    points = [Point({}, 0.1, 5.0), Point({}, 0.2, 3.0), Point({}, 0.3, 4.0)]
    assert [p.x for p in front(points, "ndcg@20", "arp@20")] == [0.2, 0.3]
    assert [p.x for p in front(points, "ndcg@20", "coverage@20")] == [0.1, 0.3]


def test_every_metric_of_the_package_says_it(evaluation: dict[str, Any]) -> None:
    less = {"arp", "gini", "lift", "miscalibration", "preo", "prsp", "pru", "ties", "not_scorable"}
    every = {name for part in ("metrics", "ranks", "lists", "exposure") for name in evaluation[part]}
    assert {name for name in every if smaller_in(evaluation, f"val/{name}@20")} == less - {"not_scorable"}
    assert less == BEFORE  # what is taken of runs that did not record it is what they state
