"""What jobs of one sweep share, and what each has of its own."""

from __future__ import annotations

import copy

import torch
from omegaconf import OmegaConf

from ltgnn.config.sweep_cache import once, own, sharing
from tests.conftest import random_interactions

CFG = OmegaConf.create({"data": {"name": "a"}, "graph": {"width": 1}})


def test_a_job_changes_its_own_copy_alone() -> None:
    made = []

    def make() -> torch.Tensor:
        made.append(1)
        return torch.zeros(3)

    with sharing():
        first = own("table", CFG, ("data",), make)
        first.add_(1)
        second = own("table", CFG, ("data",), make)
        assert len(made) == 1
        assert second.tolist() == [0, 0, 0]
        assert once("table", CFG, ("data",), make).tolist() == [0, 0, 0]


def test_alone_nothing_is_there_twice() -> None:
    table = torch.zeros(3)
    assert own("table", CFG, ("data",), lambda: table) is table


def test_pairs_are_values_that_a_copy_shares() -> None:
    train = random_interactions(5, 7, 0.5, 0)
    holder = {"train": train, "rest": [1]}
    other = copy.deepcopy(holder)
    assert other["train"] is train
    assert other["rest"] is not holder["rest"]
