"""W&B: offline without a key, one column per axis, closed whatever happens."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Literal

import pytest

from ltgnn.runs.tracking import Wandb, key_is_known
from ltgnn.runs.wandb_import import inspect

CONFIG = {
    "task": "train",
    "tags": ["mine"],
    "seed": 3,
    "lr": 0.1,
    "loss": {"ranking": {"temperature": 0.2}},
    "choices": {"data": "toy", "model": "mf", "fusion": "id", "loss": "bpr", "features": "none"},
}


def tracker_in(mode: Literal["auto", "online", "offline", "disabled"], **options: bool) -> Wandb:
    switches = dict.fromkeys(("artifacts", "code", "system_metrics", "console"), False) | options
    return Wandb("ltgnn", None, mode, None, ["model", "seed"], ["*"], **switches)


@pytest.mark.parametrize("fails", [False, True])
def test_a_run_is_closed_and_offline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fails: bool) -> None:
    import wandb

    monkeypatch.delenv("WANDB_MODE", raising=False)
    monkeypatch.delenv("WANDB_API_KEY", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))  # no .netrc
    tracker = tracker_in("auto")

    def job() -> None:
        with tracker.open(tmp_path, CONFIG) as opened:
            assert wandb.run is not None
            assert wandb.run.config["fusion"] == "id"
            assert {"mine", "loss:bpr"} <= set(wandb.run.tags)
            opened.evaluations({"test/ndcg@20": 0.5})
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
    assert tracker_in("auto")._mode() == "disabled"
    assert tracker_in("online")._mode() == "online"
    monkeypatch.delenv("WANDB_MODE")
    monkeypatch.setenv("WANDB_API_KEY", "x")
    assert tracker_in("auto")._mode() == "online"


def test_a_key_is_found_where_wandb_keeps_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """For the server that is used: another one's key does not count."""
    for name in ("WANDB_API_KEY", "WANDB_IDENTITY_TOKEN_FILE", "WANDB_BASE_URL", "NETRC"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert not key_is_known()
    (tmp_path / ".netrc").write_text("machine wandb.example.org\n  login user\n  password x\n")
    (tmp_path / ".netrc").chmod(0o600)
    assert not key_is_known()
    monkeypatch.setenv("WANDB_BASE_URL", "https://wandb.example.org")
    assert key_is_known()
    (tmp_path / ".netrc").write_text("machine\n")  # damaged
    assert not key_is_known()


@pytest.mark.parametrize("on", [False, True])
def test_system_metrics_and_console_are_options(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, on: bool) -> None:
    import wandb

    with tracker_in("offline", system_metrics=on, console=on).open(tmp_path, CONFIG):
        assert wandb.run is not None
        settings = wandb.run.settings
        assert settings.x_disable_stats is not on
        assert settings.console == ("wrap" if on else "off")
