"""W&B: offline without a key, one column per axis, closed whatever happens."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ltgnn.runs.tracking import Wandb, columns
from ltgnn.runs.wandb_import import inspect

CONFIG = {
    "task": "train",
    "tags": ["mine"],
    "seed": 3,
    "lr": 0.1,
    "loss": {"ranking": {"temperature": 0.2}},
    "choices": {"data": "toy", "model": "mf", "fusion": "id", "loss": "bpr", "features": "none"},
}


def test_columns_are_words_and_knobs() -> None:
    made = columns(CONFIG)
    assert (made["model"], made["loss"], made["fusion"], made["features"]) == ("mf", "bpr", "id", "none")
    assert (made["seed"], made["lr"]) == (3, 0.1)
    assert made["recipe"] == {"loss": {"ranking": {"temperature": 0.2}}}


@pytest.mark.parametrize("fails", [False, True])
def test_a_run_is_closed_and_offline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fails: bool) -> None:
    import wandb

    monkeypatch.delenv("WANDB_MODE", raising=False)
    monkeypatch.delenv("WANDB_API_KEY", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))  # no .netrc
    tracker = Wandb("ltgnn", None, "auto", None)

    def job() -> None:
        with tracker.open(tmp_path, "a job", CONFIG) as opened:
            assert wandb.run is not None
            assert wandb.run.config["fusion"] == "id"
            assert {"mine", "loss:bpr"} <= set(wandb.run.tags)
            opened.summary({"test/ndcg@20": 0.5})
            if fails:
                raise ValueError("broken")

    if fails:
        with pytest.raises(ValueError, match="broken"):
            job()
    else:
        job()
    assert wandb.run is None
    (file,) = tmp_path.glob("wandb/offline-run-*/*.wandb")
    told = json.loads(inspect(file, "--summary"))  # as `wandb sync` would tell the server
    assert (told["exit_code"], told["state"]) == ((1, "failed") if fails else (0, "finished"))
    ends = [record for record in map(json.loads, inspect(file).splitlines()) if record["type"] == "exit"]
    assert [record["exit"].get("exit_code", 0) for record in ends] == [int(fails)]


def test_mode_obeys_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WANDB_MODE", "disabled")
    assert Wandb("p", None, "auto", None)._mode() == "disabled"
    assert Wandb("p", None, "online", None)._mode() == "online"
    monkeypatch.delenv("WANDB_MODE")
    monkeypatch.setenv("WANDB_API_KEY", "x")
    assert Wandb("p", None, "auto", None)._mode() == "online"
