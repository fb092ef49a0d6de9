"""Configurations composed from the yaml tree, outside of a Hydra entry."""

from __future__ import annotations

import pytest
from omegaconf import OmegaConf

from ltgnn.config import older_recipes
from ltgnn.config.composing import compose_config


@pytest.mark.parametrize(
    "words",
    [
        ["features=minilm_numbers", "fusion=content", "eval=full"],
        ["model=ease_content", "graph=semantic", "fusion=side", "loss=bpr_align"],
        ["features=from_data", "data=mmrec", "projector=separate"],
    ],
)
def test_recipes_of_today_are_left_as_they_are(words: list[str]) -> None:
    cfg = compose_config("train", [*words, "paths.run_dir=run", "data.name=mine"], None)
    for section in ("features", "fusion", "model", "graph", "eval", "loss", "projector"):
        recipe = {section: OmegaConf.to_container(cfg[section], resolve=True), "choices": {"fusion": "content"}}
        assert older_recipes.translated(recipe) == recipe
