"""W&B: offline without a key, one column per axis, closed whatever happens."""

from __future__ import annotations

from pathlib import Path

import pytest

from ltgnn.runs.tracking import key_is_known
from tests.runs.tracking_case import CONFIG, tracker_in


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
