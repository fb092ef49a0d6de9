"""What a metric states of itself is true, and is found wherever a value is chosen by or compared."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any

import pytest
import torch
from annotated_types import Gt, Lt
from hydra.utils import get_object, instantiate
from omegaconf import OmegaConf
from torch import Tensor

from ltgnn.config.composing import compose_config
from ltgnn.config.metric_direction import smaller_in
from ltgnn.evaluation import metrics
from ltgnn.evaluation.metric import Metric, metric, metrics_by_input
from ltgnn.evaluation.metrics import Hits
from ltgnn.types import Metric as Contract
from ltgnn.types import UserError
from tests.evaluation.metric_case import evaluator


def named() -> dict[str, Metric[..., Any]]:
    """Every metric that ``eval=full`` names, by section and name."""
    evaluation = compose_config("train", ["paths.run_dir=/RUN"]).eval
    sections = ("metrics", "ranks", "lists", "exposure")
    return {f"{s}.{name}": get_object(node["_target_"]) for s in sections for name, node in evaluation[s].items()}


def test_every_metric_keeps_the_contract() -> None:
    found = named()
    assert len(found) > 20
    for name, value in found.items():
        assert isinstance(value, Contract), name
        assert len(value.formula) > 10, name
        assert not value.formula.startswith("partial("), name


def test_per_user_is_what_the_evaluator_gets() -> None:
    one = evaluator()
    result = one(lambda users: torch.rand(len(users), 40, generator=torch.Generator().manual_seed(0)))
    kinds = {"lists": one.lists, "groups": one.exposure, "hits": one.metrics, "ranks": one.ranks}
    seen = set()
    for name in result.values:
        *place, last = name.split("/")
        kind = "groups" if place and last.partition("@")[0] in one.exposure else "lists"
        kind = next((k for k in ("hits", "ranks") if last.partition("@")[0] in kinds[k]), kind)
        if (stated := kinds[kind].get(last.partition("@")[0])) is not None and not name.startswith("activity/"):
            assert stated.per_user == (name in result.per_user), name
            seen.add((kind, stated.name))
    assert len(seen) == sum(map(len, kinds.values())), "each of them was there"


def test_options_and_names() -> None:
    capped = partial(metrics.recall, capped=True)
    found = metrics_by_input({"metrics": {"recall": capped, "plain": lambda hits, k: hits.relevant.double()}})["hits"]
    hits = metrics.Hits(torch.tensor([[True, False]]), torch.tensor([4]))
    assert found["recall"](hits, 2).tolist() == [0.5]
    assert found["plain"](hits, 2).tolist() == [4.0]
    assert (found["recall"].name, found["recall"].formula) == ("recall", metrics.recall.formula)
    assert not found["plain"].smaller_is_better
    with pytest.raises(UserError, match=r"eval\.lists\.recall: there is a metric of that name"):
        metrics_by_input({"metrics": {"recall": capped}, "lists": {"recall": metrics.recall}})


@metric("hits")
def discounted(hits: Hits, k: int, persistence: Annotated[float, Gt(0), Lt(1)]) -> Tensor:
    """Sum over the hits of p^place."""
    return (hits.found[:, :k] * persistence ** torch.arange(1, k + 1)).sum(1)


def test_a_metric_is_named_by_its_function_alone() -> None:
    """Called with its options it is the metric with these chosen; called with its input, the number."""
    hits = Hits(torch.tensor([[True, False, True]]), torch.tensor([2]))
    node = {"_target_": f"{__name__}.discounted", "persistence": 0.5}
    made = metrics_by_input({"metrics": {"mine": instantiate(node), "old": instantiate(node | {"_partial_": True})}})
    assert list(made["hits"]) == ["mine", "old"]
    for found in made["hits"].values():
        assert found(hits, 3).tolist() == [0.5 + 0.125]
    assert discounted(hits=hits, k=3, persistence=0.5).tolist() == [0.5 + 0.125]
    assert made["hits"]["mine"].name == "mine"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], r"eval.metrics.mine.persistence is missing, a number .*wanted"),
        (["+eval.metrics.mine.persistence=2"], r"persistence=2 given, a number .*wanted"),
        (["+eval.metrics.mine.persistance=0.5"], r"Did you mean 'eval.metrics.mine.persistence'\?"),
        (["+eval.metrics.mine.k=5", "+eval.metrics.mine.persistence=0.5"], r"takes no 'k'"),
    ],
)
def test_its_options_are_checked_before_anything_is_loaded(words: list[str], said: str) -> None:
    given = [f"+eval.metrics.mine._target_={__name__}.discounted", *words]
    with pytest.raises(UserError, match=said):
        compose_config("train", ["paths.run_dir=/RUN", *given])


def test_a_metric_on_the_command_line_can_be_monitored() -> None:
    words = [f"+eval.metrics.mine._target_={__name__}.discounted", "+eval.metrics.mine.persistence=0.5"]
    cfg = compose_config("train", ["paths.run_dir=/RUN", *words, "monitor=val/mine@20"])
    assert not smaller_in(OmegaConf.to_container(cfg.eval, resolve=True), "val/mine@20")  # type: ignore[arg-type]
