"""The product of the yaml files: every word of every axis, composed once and put together at will."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from typing import Any

import torch
from hydra import compose, initialize_config_dir
from omegaconf import DictConfig, open_dict
from torch import Tensor

from ltgnn.build import Problem, build_module, build_problem
from ltgnn.config import resolvers
from ltgnn.config.paths import conf_dir
from ltgnn.module import Recommender
from ltgnn.sampling.batches import PairBatches
from ltgnn.types import Interactions, Relation

AXES = ("model", "graph", "fusion", "projector", "views", "loss", "sampler", "init")

Case = Mapping[str, str]
"""axis -> word"""

PLAIN: Case = {
    "model": "lightgcn",
    "graph": "symmetric",
    "fusion": "sum",
    "projector": "linear",
    "views": "clean",
    "loss": "bpr",
    "sampler": "uniform",
    "init": "normal",
}

COLD = 47
"""The item without train interactions."""

ELSEWHERE = {"projector": {"separate"}}
"""Words that need columns of particular features, tested in tests/models/test_projection.py."""


class Tree:
    """The yaml tree on the toy shop; ``words`` are those of models that are trained."""

    def __init__(self, shop: Path, cache: Path) -> None:
        resolvers.register()
        self.words = {
            axis: sorted(
                file.stem for file in (conf_dir() / axis).glob("*.yaml") if file.stem not in ELSEWHERE.get(axis, ())
            )
            for axis in AXES
        }
        convs = sorted(file.stem for file in (conf_dir() / "model/conv").glob("*.yaml"))
        self.words["model"] += [f"pyg model/conv={conv}" for conv in convs if conv != "lgconv"]  # which is that of pyg
        toy = [
            "data=toy",
            f"data.files.path={shop}",
            f"paths.cache_dir={cache}",
            "features=words",
            "features.encoder.width=8",
        ]
        toy += ["logger=none", "dim=8", "num_layers=2", "batch_size=64", "reg=0.1"]
        toy.append(f"hydra.searchpath=[file://{Path(__file__).parent / 'conf'}]")
        self.nodes: dict[str, dict[str, DictConfig]] = {axis: {} for axis in AXES}
        with initialize_config_dir(str(conf_dir()), version_base="1.3"):
            self.base = compose("train", toy)
            for number in range(max(map(len, self.words.values()))):  # one word of each axis at a time
                chosen = {axis: words[number % len(words)] for axis, words in self.words.items()}
                cfg = compose("train", [*toy, *" ".join(f"{axis}={word}" for axis, word in chosen.items()).split()])
                for axis, word in chosen.items():
                    self.nodes[axis][word] = cfg[axis]
        self.words["model"] = [word for word in self.words["model"] if "embedding" in self.nodes["model"][word]]

    def config(self, case: Case) -> DictConfig:
        """The whole config of a case."""
        cfg = self.base.copy()
        with open_dict(cfg):
            for axis, word in case.items():
                cfg[axis] = self.nodes[axis][word]
        return cfg

    def cases(self, seed: int) -> Iterator[Case]:
        """Pseudo-random cases until every pair of words of two axes has occurred."""
        draw = random.Random(seed)
        wanted = [((a, v), (b, w)) for a, b in combinations(AXES, 2) for v in self.words[a] for w in self.words[b]]
        draw.shuffle(wanted)
        missing = set(wanted)
        for pair in wanted:
            if pair in missing:
                some = [{axis: draw.choice(self.words[axis]) for axis in AXES} | dict(pair) for _ in range(12)]
                best = max(some, key=lambda case: len(missing.intersection(combinations(case.items(), 2))))
                missing.difference_update(combinations(best.items(), 2))
                yield best


def toy_setting(cfg: DictConfig) -> Problem:
    """The toy shop with event weights, a day between interactions, one cold item, and relations to makers and types."""
    problem = build_problem(cfg)
    train = problem.split.train
    assert train.times is not None
    weights = 1 + ((train.users + train.items) % 3).float()
    full = Interactions(train.users, train.items, train.num_users, train.num_items, train.times * 86400, weights)
    split = replace(problem.split, train=full.select(train.items != COLD), ordered="")
    items = torch.arange(train.num_items)
    relations = {
        "maker": Relation(items, torch.where(items == 0, 6, items % 6), 7, "maker"),  # one has a single item
        "type": Relation(items, items % 4, 4, "type"),
        "then": Relation(items, items.roll(1), train.num_items, "item"),
    }
    return replace(problem, split=split, dataset=replace(problem.dataset, relations=relations))


def first_step(cfg: DictConfig, problem: Problem) -> tuple[Recommender, Tensor, dict[str, float]]:
    """The module of a config, its loss on the first batch, and the terms of it."""
    module = build_module(cfg, problem).train()
    module.configure_optimizers()
    terms: dict[str, float] = {}
    module.log_dict = lambda values, **_: terms.update({k: float(v) for k, v in values.items()})  # type: ignore[method-assign]
    module.on_train_epoch_start()
    unit = str(cfg.sampler.epoch_unit)
    batch = next(iter(PairBatches(problem.split.train, int(cfg.batch_size), unit, int(cfg.seed))))
    return module, module.training_step(batch, 0), terms


def fingerprint(cfg: DictConfig, problem: Problem) -> list[Any]:
    """All that a yaml key of these axes can move: terms, gradients, scores before and after one step."""
    module, loss, terms = first_step(cfg, problem)
    optimizer = module.configure_optimizers()
    loss.backward()
    gradients = {n: None if w.grad is None else w.grad.double().sum().item() for n, w in module.named_parameters()}
    users = torch.arange(problem.split.train.num_users)
    scores = [module.scorer()(users).double().nan_to_num(neginf=0.0)]
    optimizer.step()
    scores.append(module.scorer()(users).double().nan_to_num(neginf=0.0))
    return [terms, gradients, [(table.sum().item(), table.square().sum().item()) for table in scores]]
