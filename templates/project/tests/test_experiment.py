"""The experiment runs from the command line, and its run knows the user's items."""

import json
from pathlib import Path

import pytest
from ltgnn.cli import main

DATA = Path(__file__).parents[1] / "data"


def test_the_experiment_trains(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MYREC_DATA", str(DATA))
    monkeypatch.setenv("LTGNN_CACHE", str(tmp_path / "cache"))
    run = tmp_path / "run"
    words = ["experiment=myrec_first", "epochs=2", "eval_every=1", f"paths.run_dir={run}"]
    assert main(["train", *words]) == 0
    metrics = json.loads((run / "metrics.json").read_text())
    assert 0 < metrics["test"]["ndcg@20"] <= 1
