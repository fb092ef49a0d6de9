"""A run that is asked for and is damaged: one message that names it, whatever file it is."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

import pytest

from ltgnn.commands.recommend import main
from ltgnn.types import UserError
from tests.behaviour.test_damaged_runs import damage

NEEDED = ("config.yaml", "status.json", "metrics.json")


@pytest.mark.parametrize("kind", ["deleted", "emptied", "truncated", "random", "other"])
@pytest.mark.parametrize("name", NEEDED)
def test_recommend_says_so(runs: dict[str, Path], tmp_path: Path, name: str, kind: str) -> None:
    folder = Path(shutil.copytree(runs["popular"], tmp_path / "copy"))
    damage(folder / name, kind, random.Random(0))
    with pytest.raises(UserError, match="copy"):
        main([f"run={folder}", "users=u1", "k=1"])


@pytest.mark.parametrize(
    ("old", "new"),
    [("\nsplit:", "\nsplat:"), ("_target_: ltgnn.data", "_target_: ltgnn.dada"), ("closed_form:", "closed_farm:")],
)
def test_a_recipe_that_makes_no_model_is_one_message(runs: dict[str, Path], tmp_path: Path, old: str, new: str) -> None:
    folder = Path(shutil.copytree(runs["popular"], tmp_path / "copy"))
    text = (folder / "config.yaml").read_text()
    assert old in text
    (folder / "config.yaml").write_text(text.replace(old, new))
    with pytest.raises(UserError):
        main([f"run={folder}", "users=u1", "k=1"])
