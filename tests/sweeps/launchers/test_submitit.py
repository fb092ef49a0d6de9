"""Every launcher of other processes gives the numbers of one process, and a job that fails there fails alone."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from ltgnn.commands.train import main
from tests.conftest import run_folders
from tests.sweeps.launchers.case import LAUNCHERS
from tests.sweeps.toy import ended, journal, numbers, start, words_of

GRID = ["loss=bpr_tail", "loss.ranking.weights.policy=none,items20", "seed=1,2", "sweep.name=s"]
"""Two jobs that fail, and two that do not."""


def finished(sweep: Path) -> dict[str, dict[str, Any]]:
    return numbers(sweep, [folder for folder in run_folders(sweep) if (folder / "metrics.json").is_file()])


@pytest.fixture(scope="module")
def local(shop: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    folder = tmp_path_factory.mktemp("local")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("LTGNN_CACHE", str(shop / "cache"))
        assert main(["-m", *words_of(shop), *GRID, "logger=none"]) == 1
    return finished(folder / "logs")


@pytest.mark.parametrize("launcher", LAUNCHERS)
def test_jobs_in_other_processes(shop: Path, tmp_path: Path, local: dict[str, dict[str, Any]], launcher: str) -> None:
    process = start(tmp_path, shop, *GRID, *LAUNCHERS[launcher])
    code, printed = ended(process)
    assert code == 1, printed
    assert "2 failed" in printed
    assert "2 finished" in printed
    sweep = tmp_path / "logs/train/multiruns/s"
    assert finished(sweep) == local
    assert Counter(event for event, _ in journal(sweep)) == {"begins": 4, "finished": 2, "failed": 2}
    folders = run_folders(sweep)
    status = [json.loads((folder / "status.json").read_text()) for folder in folders]
    assert [one["state"] for one in status] == ["failed", "failed", "finished", "finished"]
    assert process.pid not in {one["pid"] for one in status}
    for folder in folders[:2]:
        assert "loss.ranking.weights.policy=none given" in (folder / "error.txt").read_text()
    for folder in folders[2:]:
        assert len(list(folder.glob("wandb/offline-run-*"))) == 1
