"""A run folder that is removed while its job runs, and a disk that is full: one message, and the rest goes on."""

from __future__ import annotations

import errno
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from ltgnn.cli import main
from ltgnn.runs.folder import RunFolder
from tests.conftest import run_folders
from tests.sweeps.toy import numbers

Launch = Callable[..., int]

GRID = ["features=none", "epochs=2", "seed=1,2", "sweep.name=s", "-m"]


@pytest.mark.parametrize("when", ["data_card.json", "metrics.json"])
def test_a_run_folder_is_removed_while_its_job_runs(
    launch: Launch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], when: str
) -> None:
    """Before training, and after the last file was written."""
    write, removed = RunFolder.write, []

    def remove(self: RunFolder, name: str, text: str) -> None:
        write(self, name, text)
        if name == when and not removed:
            removed.append(self.path)
            shutil.rmtree(self.path)

    with monkeypatch.context() as patch:
        patch.setattr(RunFolder, "write", remove)
        assert launch(*GRID) == 1
    printed = capfd.readouterr()
    told = printed.out + printed.err
    assert "1 failed, 1 finished" in told
    assert "removed while the job ran" in told
    assert "Traceback" not in told
    sweep = tmp_path / "logs/train/multiruns/s"
    main(["table", str(sweep)])
    assert "removed while" in capfd.readouterr().out
    assert json.loads((removed[0] / "status.json").read_text())["state"] == "failed"
    assert RunFolder(removed[0]).recipe()["seed"] == 1
    assert launch(*GRID) == 0
    assert "1 finished, 1 skipped" in (told := capfd.readouterr().out) or "1 skipped, 1 finished" in told
    assert len(numbers(sweep)) == 2


class Full:
    """A disk on which, from some moment on, nothing new is kept: files stay what they were."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now, self.fsync = False, os.fsync
        monkeypatch.setattr(os, "fsync", self.sync)

    def sync(self, handle: int) -> None:
        if self.now:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        self.fsync(handle)


def test_a_full_disk_under_one_run(
    launch: Launch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    full, write, run = Full(monkeypatch), RunFolder.write_evaluation, tmp_path / "run"

    def fill(self: RunFolder, *given: object) -> None:
        full.now = True
        write(self, *given)  # type: ignore[arg-type]

    monkeypatch.setattr(RunFolder, "write_evaluation", fill)
    assert launch("features=none", "epochs=2", f"paths.run_dir={run}") == 1
    told = capfd.readouterr().err
    assert f"{run}/val_per_user.parquet cannot be written: No space left on device" in told
    assert "Traceback" not in told
    status = json.loads((run / "status.json").read_text())
    assert status["state"] == "failed"
    assert "No space left" in status["error"]
    assert not list(run.rglob("*@*"))


def test_a_full_disk_under_a_sweep_and_the_same_command_after_it(
    launch: Launch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    full, write = Full(monkeypatch), RunFolder.write_json

    def fill(self: RunFolder, name: str, value: object) -> None:
        full.now = full.now or (name == "metrics.json" and "_2" in self.path.name)
        write(self, name, value)  # type: ignore[arg-type]

    sweep = tmp_path / "logs/train/multiruns/s"
    grid = [*(word.replace("seed=1,2", "seed=1,2,3") for word in GRID), "hydra.sweep.subdir=${seed}_${seed}"]
    with monkeypatch.context() as patch:
        patch.setattr(RunFolder, "write_json", fill)
        assert launch(*grid) == 1
    printed = capfd.readouterr()
    told = printed.out + printed.err
    assert "No space left on device" in told
    assert "Traceback" not in told
    assert json.loads((sweep / "1_1/status.json").read_text())["state"] == "finished"
    assert not list(sweep.rglob("*@*"))
    full.now = False
    assert launch(*grid) == 0
    assert len(numbers(sweep)) == 3
    assert len(run_folders(sweep)) == 3
