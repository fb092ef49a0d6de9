"""Whether an evaluator has a value, asked before anything is trained: without scoring, from names and one metric."""

from __future__ import annotations

import torch

from ltgnn.config.metric_direction import smaller, smaller_in
from ltgnn.evaluation.lists import Lists
from ltgnn.evaluation.metric import metric
from ltgnn.evaluation.monitor_check import value_names
from tests.evaluation.metric_case import evaluator


@metric("lists", per_user=False, smaller_is_better=True)
def longest(lists: Lists) -> float:
    """Longest list: max |L|. Of nobody.

    More of it.
    """
    return float(lists.length.max())


def test_a_metric_of_one_s_own_is_found_everywhere() -> None:
    mine = {"mine": {"_target_": f"{__name__}.longest"}}
    assert smaller_in({"metrics": mine}, "val/mine@10")
    one = evaluator(mine=longest)
    assert "mine" in one.lists, "by what it reads, in whatever section it stands"
    assert {"mine@10", "mine@20"} <= set(value_names(one))
    assert one.smaller("mine@20")
    assert smaller("test/mine@20", one.smaller_is_better), "as metrics.json records it"
    result = one(lambda users: torch.rand(len(users), 40), monitor="mine@10")
    assert result.values["mine@10"] == 10.0
    assert longest.formula == "Longest list: max |L|. Of nobody."
