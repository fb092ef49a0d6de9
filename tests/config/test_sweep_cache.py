"""What jobs of one sweep share, and what each has of its own."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path

import torch
from omegaconf import OmegaConf

from ltgnn.config.sweep_cache import NO_CACHE, Cache
from tests.config.input_files_case import recipe
from tests.conftest import random_interactions

CFG = OmegaConf.create({"data": {"name": "a"}, "graph": {"width": 1}})


def test_a_job_changes_its_own_copy_alone() -> None:
    made = []

    def make() -> torch.Tensor:
        made.append(1)
        return torch.zeros(3)

    cache = Cache()
    first = cache.copied("table", CFG, ("data",), make)
    first.add_(1)
    second = cache.copied("table", CFG, ("data",), make)
    assert len(made) == 1
    assert second.tolist() == [0, 0, 0]
    assert cache.shared("table", CFG, ("data",), make).tolist() == [0, 0, 0]


def test_alone_nothing_is_there_twice() -> None:
    table = torch.zeros(3)
    assert NO_CACHE.copied("table", CFG, ("data",), lambda: table) is table
    assert NO_CACHE.shared("table", CFG, ("data",), lambda: table.clone()) is not table
    assert NO_CACHE.shelves == {}


def test_the_cache_is_bounded_and_ends_with_its_launcher() -> None:
    cache = Cache(kept=2)
    made: list[str] = []

    def make(name: str) -> Callable[[], str]:
        return lambda: made.append(name) or name  # type: ignore[func-returns-value]

    for name in ("a", "b", "a", "c", "a", "b"):
        assert cache.named("member", name, make(name)) == name
    assert made == ["a", "b", "c", "b"]  # b went when c came: a had been asked for later
    assert Cache().named("member", "a", make("a")) == "a"
    assert made[-1] == "a", "another cache knows nothing of it"


def test_pairs_are_values_that_a_copy_shares() -> None:
    train = random_interactions(5, 7, 0.5, 0)
    holder = {"train": train, "rest": [1]}
    other = copy.deepcopy(holder)
    assert other["train"] is train
    assert other["rest"] is not holder["rest"]


def test_what_jobs_share_is_of_the_data_as_they_are(folder: Path) -> None:
    cfg = OmegaConf.create(recipe(folder))
    cache = Cache()
    read = lambda: (folder / "i.csv").read_text()  # noqa: E731
    first = cache.shared("data", cfg, ("data",), read)
    assert cache.shared("data", cfg, ("data",), read) is first
    (folder / "i.csv").write_text("u,i\n7,7\n")
    assert cache.shared("data", cfg, ("data",), read) == "u,i\n7,7\n"
