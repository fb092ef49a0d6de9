"""How a recipe differs from that of a folder."""

from __future__ import annotations

from pathlib import Path

from omegaconf import OmegaConf

from ltgnn.runs.difference import SHOWN, differences, in_words

NAMES = {"choices": {"model": "lightgcn"}, "paths": {}}


def test_changed_new_and_absent_keys(tmp_path: Path) -> None:
    OmegaConf.save({**NAMES, "lr": 0.1, "model": {"dim": 8, "old": 1}}, tmp_path / "config.yaml")
    found = differences(tmp_path, {**NAMES, "lr": 0.1, "model": {"dim": 16, "new": 2}})
    assert found == ["model.dim is 16, was 8", "model.old is absent, was 1", "model.new is 2, was absent"]
    assert differences(tmp_path, {**NAMES, "lr": 0.1, "model": {"dim": 8, "old": 1}}) == []


def test_many_are_counted() -> None:
    assert in_words(["a"] * SHOWN) == "; ".join(["a"] * SHOWN)
    assert in_words(["a"] * (SHOWN + 2)).endswith("; and 2 more")
