"""Every yaml composes and resolves, says what it is, and names a class that can be imported."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from hydra.utils import get_object
from omegaconf import DictConfig, OmegaConf

from ltgnn.config import resolvers
from ltgnn.config.check import refuse_wrong_values
from ltgnn.config.paths import conf_dir
from ltgnn.config.search_path import group_names as groups
from ltgnn.config.search_path import option_names as options

ROOTS = sorted(path.stem for path in conf_dir().glob("*.yaml"))
CHOICES = sorted(
    (folder.relative_to(conf_dir()).as_posix(), file.stem)
    for folder in conf_dir().rglob("*")
    if folder.is_dir()
    for file in folder.glob("*.yaml")
)


@pytest.fixture(scope="module", autouse=True)
def tree() -> Iterator[None]:
    resolvers.register()
    GlobalHydra.instance().clear()
    with initialize_config_dir(str(conf_dir()), version_base="1.3"):
        yield


def composed(root: str, overrides: list[str]) -> DictConfig:
    return compose(root, overrides, return_hydra_config=True)


def targets(node: Any) -> Iterator[str]:
    """Every ``_target_`` of a config, unresolved."""
    if isinstance(node, DictConfig):
        node = OmegaConf.to_container(node, resolve=False)
    if isinstance(node, dict):
        if isinstance(name := node.get("_target_"), str) and "$" not in name:
            yield name
        for child in node.values():
            yield from targets(child)
    elif isinstance(node, list):
        for child in node:
            yield from targets(child)


@functools.cache
def chosen(root: str) -> list[str]:
    """The keys of a root's defaults list: ``fusion``, ``data/cleaning``, ``user_groups@eval.user_groups`` ..."""
    return list(composed(root, []).hydra.runtime.choices)


NEEDED = {
    ("features", "folder"): ["features.encoder.model=X"],
    ("features", "precomputed"): ["features.file.path=X", "features.file.ids=rows"],
    ("features", "run"): ["features.run=X"],
    ("features", "base"): ["features.encoder=X"],
    ("projector", "separate"): ["projector.widths.numbers=2"],
    ("rules", "shop"): ["rules.available.file=X"],
}
"""What has to be given with an option."""

JUDGED = ("train", "finetune", "ensemble", "recommend")
"""Roots whose values are checked."""


def load_yaml(group: str, option: str) -> Any:
    return OmegaConf.load(conf_dir() / group / f"{option}.yaml")


def spelled(group: str, option: str) -> tuple[str, list[str]] | None:
    """The root and the words that choose an option; None where other files include it under a name of their own."""
    if group.startswith("experiment"):
        return "train", [f"experiment={(Path(group) / option).relative_to('experiment').as_posix()}"]
    for root in ROOTS:
        for key in chosen(root):
            if key.split("@")[0] == group:
                return root, [f"{key}={option}"]
    return None


@pytest.mark.parametrize("root", ROOTS)
def test_roots_compose(root: str) -> None:
    cfg = composed(root, [])
    if root == "recommend":  # it judges nothing
        assert cfg.rules == {}
    elif root == "ensemble":  # it is judged as its members were
        assert "ltgnn.scoring.ensemble.Blend" in set(targets(cfg))
    else:
        assert set(targets(cfg)) > {"ltgnn.evaluation.evaluator.Evaluator"}


@pytest.mark.parametrize(("group", "option"), CHOICES)
def test_every_yaml_composes(group: str, option: str) -> None:
    """And its values pass the check of a command."""
    spelling = spelled(group, option)
    root, words = spelling or ("", [])
    cfg = composed(root, [*words, *NEEDED.get((group, option), [])]) if root else load_yaml(group, option)
    for name in targets(cfg):
        if name.startswith("ltgnn."):
            assert callable(get_object(name)), name
    if root in JUDGED:
        refuse_wrong_values(cfg, root)


@pytest.mark.parametrize("file", sorted(conf_dir().rglob("*.yaml")), ids=lambda f: f.relative_to(conf_dir()).as_posix())
def test_every_yaml_says_what_it_is(file: Path) -> None:
    lines = [line for line in file.read_text(encoding="utf-8").splitlines() if line.strip()]
    comments = [line for line in lines[:3] if line.startswith("# ") and line != "# @package _global_"]
    assert comments, "the first line of a yaml says in a comment what the choice is"


def test_axes_are_listed() -> None:
    assert {"data", "split", "features", "graph", "fusion", "model", "loss", "sampler", "score"} <= set(groups())
    assert {"id", "init", "sum", "gate", "content"} <= set(options("fusion"))


def test_root_knobs_reach_the_parts() -> None:
    cfg = composed("train", ["dim=7", "num_layers=5", "lr=0.5", "reg=0.25", "monitor=val/recall@50"])
    assert cfg.model.embedding.dim == 7
    assert cfg.model.encoder.num_layers == 5
    assert cfg.optim.lr == 0.5
    assert cfg.loss.l2.weight == 0.25
    assert cfg.callbacks.checkpoint.monitor == cfg.callbacks.early_stop.monitor == "val/recall@50"


def test_mf_stays_mf() -> None:
    """An experiment that sets the number of layers must not make a LightGCN of ``model=mf``."""
    assert composed("train", ["model=mf", "num_layers=3"]).model.encoder.num_layers == 0
