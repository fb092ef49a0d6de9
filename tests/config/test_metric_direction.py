"""The direction of a value: stated at its metric, followed by checkpoint, early stop, search and comparison."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
import torch
from hydra import compose, initialize_config_dir
from hydra.utils import instantiate
from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException

from ltgnn.analysis.pareto import Point, front
from ltgnn.config import resolvers
from ltgnn.config.hydra_entry import explain
from ltgnn.config.metric_direction import BEFORE, mixed_direction, named_smaller, smaller, smaller_in
from ltgnn.config.paths import conf_dir
from ltgnn.evaluation.metric import metric
from ltgnn.evaluation.monitor_check import refuse_unknown, value_names
from ltgnn.sweeps.objectives import ways
from ltgnn.types import Interactions, UserError
from tests.conftest import random_interactions


def composed(*words: str) -> Any:
    resolvers.register()
    with initialize_config_dir(str(conf_dir()), version_base="1.3"):
        return compose("train", overrides=["paths.run_dir=/RUN", *words])


@metric("hits", smaller_is_better=True)
def cost(hits: Any, k: int) -> torch.Tensor:
    return torch.zeros(len(hits.relevant), dtype=torch.float64)


@pytest.fixture(scope="module")
def evaluation() -> dict[str, Any]:
    found: dict[str, Any] = OmegaConf.to_container(composed().eval, resolve=True)
    return found


def test_every_metric_of_the_package_says_it(evaluation: dict[str, Any]) -> None:
    less = {"arp", "gini", "lift", "miscalibration", "preo", "prsp", "pru", "ties", "not_scorable"}
    every = {name for part in ("metrics", "ranks", "lists", "exposure") for name in evaluation[part]}
    assert {name for name in every if smaller_in(evaluation, f"val/{name}@20")} == less - {"not_scorable"}
    assert less == BEFORE  # what is taken of runs that did not record it is what they state


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


def test_a_metric_that_does_not_exist_is_told_when_the_recipe_is_made() -> None:
    with pytest.raises(OmegaConfBaseException) as error:
        OmegaConf.to_container(composed("monitor=val/ndgc@20"), resolve=True)
    assert "unknown metric 'ndgc'. Did you mean: ndcg" in explain(error.value)


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


@pytest.fixture(scope="module")
def evaluator() -> Any:
    train = random_interactions(30, 40, 0.2, 0)
    free = torch.tensor([key for key in range(30 * 40) if not torch.isin(key, train.keys)])[::7]
    held = Interactions(free // 40, free % 40, 30, 40)
    cfg = composed()
    groups = {name: policy(train.item_counts) for name, policy in instantiate(cfg.groups).items()}
    return instantiate(cfg.eval)(held, [train], groups)


def test_the_names_that_are_promised_are_those_that_come(evaluator: Any) -> None:
    scores = torch.rand(30, 40, generator=torch.Generator().manual_seed(0))
    given = set(evaluator(lambda users: scores[users].clone()).values)
    assert given <= set(value_names(evaluator))
    for name in given:
        refuse_unknown(evaluator, name, f"monitor=val/{name}")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("ndcg@15", "Did you mean: .*ndcg@10"), ("items20/tial/ndcg@20", "items20/tail/ndcg@20"),
        ("ild_features@20", "the data lack"), ("ild_category@20", "the data lack"),
        ("items20/tail/aplt@20", "overall"),
        ("items20/share@20", "share exists for head, tail"), ("activity/casual/gini@20", "one number for all users"),
        ("activity/casual/items20/tail/coverage@20", "one number for all users"),
        ("items20/cold/ndcg@20", "unknown value"), ("", "unknown value"),
    ],
)  # fmt: skip
def test_a_value_that_will_not_come_is_told_before(evaluator: Any, name: str, said: str) -> None:
    with pytest.raises(UserError, match=f"(?s)monitor=val.*{said}"):
        refuse_unknown(evaluator, name, f"monitor=val/{name}")
