"""A job that fails in another process fails alone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.conftest import run_folders
from tests.sweeps.launchers.case import LAUNCHERS
from tests.sweeps.toy import ended, start


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
