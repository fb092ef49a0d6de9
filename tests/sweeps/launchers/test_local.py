"""A sweep that was interrupted goes on, one job after the other or in a pool."""

from __future__ import annotations

import json
import signal
import time
from pathlib import Path

import pytest

from tests.conftest import run_folders
from tests.sweeps.launchers.case import LAUNCHERS
from tests.sweeps.toy import ended, numbers, start


@pytest.mark.parametrize("launcher", ["local", "pool"])
def test_interrupted_leaves_a_sweep_that_can_go_on(shop: Path, tmp_path: Path, launcher: str) -> None:
    words = ["seed=1,2", "logger=none", "sweep.name=s", *LAUNCHERS.get(launcher, [])]
    sweep = start(tmp_path, shop, *words, epochs=120)
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
    code, printed = ended(start(tmp_path, shop, *words, epochs=120))
    assert code == 0, printed
    assert len(numbers(folder)) == 2
