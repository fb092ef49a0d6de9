"""The recipe of a folder, for making parts of it: read, checked, its values unchanged."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hydra.utils import get_object
from omegaconf import OmegaConf

from ltgnn.config.recipe import open_recipe
from ltgnn.config.trust import is_allowed, targets
from ltgnn.io import bounded_read
from ltgnn.runs.folder import RunFolder, resolve_config
from tests.config.trust_case import poisoned

RUNS = ("trained", "closed", "blend")


@pytest.mark.parametrize("run", RUNS)
def test_recipes_are_read_in_words_of_today(older_runs: Path, run: str) -> None:
    before = bounded_read.read_recipe(older_runs / run)
    assert any(not is_allowed(target) for _, target in targets(before))
    recipe = open_recipe(older_runs / run)
    assert resolve_config(recipe) == RunFolder(older_runs / run).recipe()
    assert "text" not in recipe
    assert not [key for key in recipe.choices if "text" in str(key) and "parts.text" not in str(key)]
    for _, target in targets(resolve_config(recipe)):
        assert callable(get_object(target))
    assert len(resolve_config(recipe)) == len(before)


def test_interpolations_of_a_folder_are_text(good: Path, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET", "hunter2")
    for given in ("${oc.env:SECRET}", "a \\${oc.env:SECRET}", "\\\\${oc.env:SECRET}", "${data.name}"):
        cfg = open_recipe(poisoned(good, "data.licence", given))
        assert cfg.data.licence == given
        assert "hunter2" not in json.dumps(OmegaConf.to_container(cfg, resolve=True))


def test_features_are_written_to_ones_own_store_alone(good: Path, place: Path, tmp_path: Path) -> None:
    (place / "elsewhere").mkdir()
    run = poisoned(good, "features.store.folder", str(place / "elsewhere"))
    assert open_recipe(run).features.store.folder == str(tmp_path / "cache")
    (place / "elsewhere" / f"{'0' * 64}.safetensors").write_bytes(b"")
    assert open_recipe(run).features.store.folder == str(place / "elsewhere")  # a store that is there is read
