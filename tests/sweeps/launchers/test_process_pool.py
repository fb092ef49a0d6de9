"""Jobs in other processes: the numbers of this one, each job once, failures told."""

from __future__ import annotations

import json
import os
import signal
import time
from pathlib import Path

import pytest

from ltgnn.sweeps.launchers import process_pool
from ltgnn.sweeps.process_id import start_time
from tests.conftest import run_folders
from tests.sweeps.launchers.case import LAUNCHERS
from tests.sweeps.toy import ended, start


def test_a_worker_that_dies_fails_its_job_alone(shop: Path, tmp_path: Path) -> None:
    sweep = start(tmp_path, shop, "seed=1,2,3", "logger=none", "sweep.name=s", *LAUNCHERS["pool"], epochs=60)
    first = tmp_path / "logs/train/multiruns/s"
    while sweep.poll() is None and not list(first.glob("000*/history.csv")):
        time.sleep(0.005)
    (folder,) = first.glob("000*")
    os.kill(json.loads((folder / "status.json").read_text())["pid"], signal.SIGKILL)
    code, printed = ended(sweep)
    assert code == 1, printed
    states = [json.loads((f / "status.json").read_text())["state"] for f in run_folders(tmp_path)]
    assert states == ["failed", "finished", "finished"]
    assert "SIGKILL" in (folder / "error.txt").read_text()


def test_orphans_end_with_the_sweep(shop: Path, tmp_path: Path) -> None:
    sweep = start(tmp_path, shop, "seed=1,2", "logger=none", "sweep.name=s", *LAUNCHERS["pool"], epochs=4000)
    folder = tmp_path / "logs/train/multiruns/s"
    while sweep.poll() is None and len(list(folder.glob("*/history.csv"))) < 2:
        time.sleep(0.01)
    workers = [json.loads((f / "status.json").read_text())["pid"] for f in run_folders(folder)]
    sweep.send_signal(signal.SIGKILL)
    ended(sweep)  # whose output ends when the last of its children has ended
    while any(start_time(pid) not in (None, "dead") for pid in workers):  # the kernel's word comes a little later
        time.sleep(0.01)
    assert len(workers) == 2


def test_each_worker_gets_a_gpu_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("torch.cuda.device_count", lambda: 3)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "4,6,7")
    made = process_pool.Pool(workers=None, threads=None)
    assert (made.workers, made.gpus) == (3, ["4", "6", "7"])
    with process_pool.environment({"CUDA_VISIBLE_DEVICES": "6", "OMP_NUM_THREADS": "2"}):
        assert os.environ["CUDA_VISIBLE_DEVICES"] == "6"
    assert os.environ["CUDA_VISIBLE_DEVICES"] == "4,6,7"
