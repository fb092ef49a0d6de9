"""Which values an evaluator will give, from the config only: the names for ``monitor``."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from hydra.utils import instantiate

from ltgnn.evaluation.monitor_check import refuse_unknown, value_names
from ltgnn.types import Interactions, UserError
from tests.config.metric_direction_case import composed
from tests.conftest import random_interactions


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
