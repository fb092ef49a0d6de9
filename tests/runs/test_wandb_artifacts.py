"""Artifacts of a run: data, recipe, model, code, with what the run read as its input."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ltgnn.runs.wandb_artifacts import is_source, log_artifacts
from tests.runs.wandb_curves_case import records


class RecordingRun:
    """Remembers the artifacts that a run would send."""

    id = "abc"

    def __init__(self, offline: bool) -> None:
        self.offline = offline
        self.used: list[Any] = []
        self.logged: list[Any] = []

    def use_artifact(self, artifact: Any) -> None:
        self.used.append(artifact)

    def log_artifact(self, artifact: Any, aliases: list[str] | None = None) -> None:
        self.logged.append(artifact)


def test_artifacts_hold_the_files_of_the_run(tracked_run: Path) -> None:
    found = {a["type"]: a for a in records(tracked_run, "artifact") if a["type"] != "run_table"}
    assert set(found) == {"dataset", "config", "model", "code"}
    files = {kind: {entry["path"] for entry in one["manifest"]["contents"]} for kind, one in found.items()}
    assert files["dataset"] == {"data_card.json"}
    assert files["config"] == {"config.yaml", "overrides.yaml", "env.json"}
    assert files["model"] == {"best.ckpt", "config.yaml", "features_card.json", "metrics.json"}
    assert {"build.py", "runs/tracking.py"} <= files["code"]
    card = json.loads((tracked_run / "data_card.json").read_text())
    assert json.loads(str(found["dataset"]["metadata"]))["fingerprint"] == card["fingerprint"]
    assert found["dataset"]["name"] == f"data-{card['name']}"
    assert "best" in found["model"]["aliases"]


@pytest.mark.parametrize("offline", [False, True])
def test_the_data_are_an_input_where_wandb_can_mark_one(tracked_run: Path, offline: bool) -> None:
    run = RecordingRun(offline)
    log_artifacts(run, tracked_run)
    assert [artifact.type for artifact in run.used] == ([] if offline else ["dataset"])
    assert [artifact.type for artifact in run.logged] == [*(["dataset"] if offline else []), "config", "model"]


def test_a_run_without_a_checkpoint_has_no_model(tmp_path: Path) -> None:
    (tmp_path / "data_card.json").write_text('{"name": "my shop/2026", "users": 3}')
    (tmp_path / "config.yaml").write_text("seed: 1\n")
    run = RecordingRun(offline=False)
    log_artifacts(run, tmp_path)
    assert [(artifact.name, artifact.type) for artifact in (*run.used, *run.logged)] == [
        ("data-my-shop-2026", "dataset"),
        ("config-abc", "config"),
    ]


def test_code_is_python_and_yaml() -> None:
    assert is_source("ltgnn/build.py", "ltgnn")
    assert is_source("ltgnn/conf/train.yaml", "ltgnn")
    assert not is_source("ltgnn/__pycache__/build.pyc", "ltgnn")
