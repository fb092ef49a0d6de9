"""Jobs in other processes: the numbers of this one, each job once, failures told."""

from __future__ import annotations

import json
import os
import signal
import time
from collections import Counter
from pathlib import Path

import pytest

from ltgnn.sweeps.launchers import process_pool
from ltgnn.sweeps.process_id import start_time
from tests.conftest import run_folders
from tests.sweeps.toy import ended, journal, numbers, start

GRID = ["fusion=id,sum", "seed=1,2"]
LAUNCHERS = {
    "pool": ["hydra/launcher=pool", "hydra.launcher.workers=2", "hydra.launcher.threads=1"],
    "joblib": ["hydra/launcher=joblib"],
    "submitit": ["hydra/launcher=submitit", "hydra.launcher.cluster=local", "hydra.launcher.workers=2"],
}


@pytest.fixture(scope="module")
def local(shop: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    folder = tmp_path_factory.mktemp("local")
    assert ended(start(folder, shop, *GRID))[0] == 0
    return dict(numbers(folder))


@pytest.mark.parametrize("launcher", LAUNCHERS)
def test_other_processes_give_the_same_numbers(
    shop: Path, tmp_path: Path, local: dict[str, object], launcher: str
) -> None:
    code, printed = ended(start(tmp_path, shop, *GRID, *LAUNCHERS[launcher], "sweep.name=s"))
    assert code == 0, printed
    sweep = tmp_path / "logs/train/multiruns/s"
    assert numbers(sweep) == local
    assert Counter(event for event, _ in journal(sweep)) == {"begins": 4, "finished": 4}
    workers = {json.loads((folder / "status.json").read_text())["pid"] for folder in run_folders(sweep)}
    assert len(workers) > 1
    assert all(len(list(f.glob("wandb/offline-run-*"))) == 1 for f in run_folders(sweep))


@pytest.mark.parametrize("launcher", LAUNCHERS)
def test_a_failing_job_of_another_process(shop: Path, tmp_path: Path, launcher: str) -> None:
    policies = "loss.ranking.weights.policy=none,items20"
    words = ["features=none", "seed=1", "loss=bpr_tail", policies, "logger=none", "sweep.name=s", *LAUNCHERS[launcher]]
    code, printed = ended(start(tmp_path, shop, *words))
    assert code == 1, printed
    assert "1 failed" in printed
    assert "1 finished" in printed
    (first, second) = run_folders(tmp_path)
    assert "loss.ranking.weights.policy=none given" in (first / "error.txt").read_text()
    assert json.loads((second / "status.json").read_text())["state"] == "finished"


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


@pytest.mark.parametrize("launcher", ["local", "pool"])
def test_interrupted_leaves_a_sweep_that_can_go_on(shop: Path, tmp_path: Path, launcher: str) -> None:
    words = ["seed=1,2", "logger=none", "sweep.name=s", *LAUNCHERS.get(launcher, [])]
    sweep = start(tmp_path, shop, *words, epochs=400)
    folder = tmp_path / "logs/train/multiruns/s"
    while sweep.poll() is None and not list(folder.glob("000*/history.csv")):
        time.sleep(0.005)
    sweep.send_signal(signal.SIGINT)
    code, printed = ended(sweep)
    assert code == 130, printed
    assert "Go on with: ltgnn train" in printed
    states = {json.loads((f / "status.json").read_text())["state"] for f in run_folders(tmp_path)}
    assert states == {"interrupted"}
    assert all("null" in file.read_text() for file in (folder / ".sweep").glob("?" * 64 + ".json"))
    code, printed = ended(start(tmp_path, shop, *words, epochs=400))
    assert code == 0, printed
    assert len(numbers(folder)) == 2


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
