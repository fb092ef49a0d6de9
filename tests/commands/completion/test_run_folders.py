"""Run folders that the completion offers."""

from __future__ import annotations

from pathlib import Path

import pytest

from ltgnn.commands.completion.run_folders import folders, run_folders


def test_folders_with_a_slash_and_runs_without(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for place in ("logs/toy/runs/1", "logs/toy/runs/2", "logs/toy/multiruns/3/0", "other", ".hidden"):
        Path(place).mkdir(parents=True)
    for run in Path("logs").glob("*/*/*"):
        (run / "status.json").write_text("{}")
    Path("file").write_text("")
    assert list(folders("")) == ["logs/", "other/"]
    assert list(folders("", files=True)) == ["file", "logs/", "other/"]
    assert list(folders("logs/toy/runs/")) == ["logs/toy/runs/1", "logs/toy/runs/2"]
    assert [one for one in run_folders("", sweeps=False) if "/runs/" in one] == ["logs/toy/runs/2", "logs/toy/runs/1"]
    assert list(folders("nowhere/")) == []
