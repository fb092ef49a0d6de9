"""Every launcher of other processes gives the numbers of one process."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from tests.conftest import run_folders
from tests.sweeps.launchers.case import LAUNCHERS
from tests.sweeps.toy import ended, journal, numbers, start

GRID = ["fusion=id,sum", "seed=1,2"]


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
