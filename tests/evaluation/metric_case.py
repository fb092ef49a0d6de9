"""What tests of metric share."""

from __future__ import annotations

from typing import Any

import torch
from hydra.utils import instantiate
from omegaconf import OmegaConf

from ltgnn.config.composing import compose_config
from ltgnn.data.groups import ItemShare
from ltgnn.evaluation.evaluator import Evaluator
from tests.conftest import random_interactions


def evaluator(**own: Any) -> Evaluator:
    """Every metric of ``eval=full`` on 30 users and 40 items; ``own``: further ones."""
    evaluation = OmegaConf.to_container(compose_config("train", ["paths.run_dir=/RUN"]).eval, resolve=True)
    made = instantiate(evaluation, _convert_="all")
    train = random_interactions(30, 40, 0.2, 0)
    free = torch.tensor([key for key in range(30 * 40) if not torch.isin(key, train.keys)])[::7]
    held_out = type(train)(free // 40, free % 40, 30, 40)
    groups = {"items20": ItemShare("items20", ["head", "tail"], [0.2, 0.8], "items")(train.item_counts)}
    made.keywords["metrics"] |= own
    evaluator: Evaluator = made(held_out, [train], groups, torch.randn(40, 4), {"genre": ["a|b", "b"] * 20})
    return evaluator
