"""Blends of several seeds are repetitions of each other where their members are, whatever weights were fitted."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from ltgnn.analysis.pairing import differing
from ltgnn.analysis.report.gather import group
from ltgnn.analysis.run_groups import Run


def blend(folder: Path, seed: int, weight: float, *, lr: float = 0.1, fitting: Any = "logit") -> Run:
    """A blend of one member, of the same seed, with the folder that ``ltgnn train`` would leave."""
    member = folder / f"member{seed}"
    member.mkdir(parents=True)
    paths = {"run_dir": str(member)}
    (member / "config.yaml").write_text(
        yaml.safe_dump({"seed": seed, "lr": lr, "out": f"{member}/x", "paths": paths, "choices": {}})
    )
    made = {"fitting": fitting, "weights": {"gnn": weight}}
    runs = {"gnn": {"folder": str(member), "key": f"key{seed}"}}
    model = {"closed_form": {"runs": runs, "blend": made}}
    return Run(folder, {"seed": seed, "blend": made, "runs": [str(member)], "model": model}, {})


def test_fitted_weights_and_the_members_places_make_no_other_configuration(tmp_path: Path) -> None:
    assert differing([blend(tmp_path, 1, 0.3), blend(tmp_path, 2, 0.4)]) == []


def test_the_report_puts_them_into_one_row(tmp_path: Path) -> None:
    runs = [blend(tmp_path, 1, 0.3), blend(tmp_path, 2, 0.4), blend(tmp_path, 3, 0.4, lr=0.2)]
    assert [[run.seed for run in found.side.runs] for found in group(runs, ["lr"])] == [["1", "2"], ["3"]]


def test_a_member_of_another_recipe_does(tmp_path: Path) -> None:
    assert differing([blend(tmp_path, 1, 0.3), blend(tmp_path, 2, 0.3, lr=0.2)]) == ["gnn.lr"]


@pytest.mark.parametrize("key", ["blend.weights.gnn", "model.closed_form.blend.weights.gnn"])
def test_weights_given_by_hand_do(tmp_path: Path, key: str) -> None:
    assert key in differing([blend(tmp_path, 1, 0.3, fitting=None), blend(tmp_path, 2, 0.4, fitting=None)])


def test_members_that_are_gone_are_told_apart_by_their_keys(tmp_path: Path) -> None:
    runs = [blend(tmp_path, 1, 0.3), blend(tmp_path, 2, 0.3)]
    (tmp_path / "member2").rename(tmp_path / "moved")
    assert "model.closed_form.runs.gnn.key" in differing(runs)
