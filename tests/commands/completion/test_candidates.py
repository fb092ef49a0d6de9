"""What may stand where the cursor is, from the yaml trees and the text of the commands: nothing slow is imported."""

from __future__ import annotations

from pathlib import Path

import pytest

from ltgnn.cli import main
from ltgnn.commands.completion.candidates import candidates
from ltgnn.commands.completion.command_text import flags, keys, subcommands
from tests.commands.completion_case import NAMES


def test_own_yaml_keys_flags_and_subcommands(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LTGNN_CONF", str(place / "conf"))
    assert candidates("ltgnn train loss=mi", NAMES) == ["loss=mine"]
    assert candidates("ltgnn train loss=mine loss.", NAMES) == ["loss.ranking.strength="]
    assert candidates("ltgnn data ", NAMES)[:2] == ["audit", "diff"]
    assert "ml100k" in candidates("ltgnn data stats ml", NAMES)
    assert "build" in subcommands(NAMES["features"])
    assert "prune" in subcommands(NAMES["features"])
    assert {"run", "events", "items", "out"} <= set(keys(NAMES["update"]))
    assert "--policy" in flags("table", NAMES["table"])
    assert candidates("ltgnn update run=x events=ev", NAMES) == ["events=events.csv"]
    assert candidates("ltgnn train profile=", NAMES) == ["profile=false", "profile=true"]
    assert candidates("ltgnn nonsense ", NAMES) == []
    assert candidates("ltgnn train 'unclosed", NAMES) == []


def test_hydras_own_names_ours(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "--shell-completion", "install=bash"]) == 1
    assert "ltgnn completion bash" in capsys.readouterr().err
