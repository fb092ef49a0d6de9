"""A sweep begun again over damaged files: they are named, those jobs run again, the others are left alone."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from ltgnn.sweeps.ledger import Ledger
from tests.conftest import run_folders
from tests.sweeps.toy import numbers

Launch = Callable[..., int]


def truncate(file: Path) -> None:
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


def blank(file: Path) -> None:
    file.write_bytes(b"")


def garble(file: Path) -> None:
    file.write_bytes(os.urandom(200) + b"\xff\xfe\x00")


def remove(file: Path) -> None:
    file.unlink()


def other(file: Path) -> None:
    file.write_text("[]")


DAMAGES = [truncate, blank, garble, remove, other]
FILES = ["status.json", "metrics.json", "config.yaml", ".sweep/KEY.json", "history.csv", ""]
"""One of each job; "": this job is left alone."""

GRID = ["model=popularity", "features=none", "seed=1,2,3,4,5,6", "sweep.name=s", "-m"]


@pytest.fixture(scope="module")
def finished(shop: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that a sweep of six jobs was run in."""
    from tests.conftest import launch as make

    home = tmp_path_factory.mktemp("finished")
    with pytest.MonkeyPatch.context() as patch:
        run: Launch = make.__wrapped__(shop, home, patch)  # type: ignore[attr-defined]
        assert run(*GRID) == 0
    return home


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)
def test_damaged_jobs_run_again(
    damage: Callable[[Path], None],
    finished: Path,
    launch: Launch,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    shutil.copytree(finished / "logs", tmp_path / "logs")
    sweep = tmp_path / "logs/train/multiruns/s"
    before, folders, told_of = numbers(sweep), run_folders(sweep), []
    for folder, name in zip(folders, FILES, strict=True):
        key = json.loads((folder / "status.json").read_text())["key"]
        file = sweep / name.replace("KEY", key) if name.startswith(".sweep") else folder / name
        if file.is_file():
            damage(file)
            told_of.append(file)
    for name in ("sweep.json", "journal.csv"):
        damage(sweep / ".sweep" / name)
    damage(sweep / "multirun.yaml")
    capfd.readouterr()
    assert launch(*GRID) == 0
    printed = capfd.readouterr()
    told = printed.out + printed.err + caplog.text
    assert "3 finished, 3 skipped" in told or "3 skipped, 3 finished" in told
    assert numbers(sweep) == before
    assert run_folders(sweep) == folders
    assert "Traceback" not in told
    for file in told_of:
        silent = damage is remove and file.name not in ("metrics.json", "config.yaml")
        assert silent or (file.name in told and str(file.parent) in told), file


def test_a_job_that_another_sweep_ran_is_not_emptied_there(tmp_path: Path) -> None:
    """The run that a search learned from is damaged since: its job runs here, and what is left there stays."""
    elsewhere = tmp_path / "other/000_x"
    elsewhere.mkdir(parents=True)
    (elsewhere / "status.json").write_text('{"state": "finished", "key": "k"}')
    (elsewhere / "metrics.json").write_text("{")
    ledger = Ledger(tmp_path / "mine")
    ledger.enter("k", str(elsewhere))
    with ledger.claim("k", "000_y", 0.0) as claim:
        assert (claim.state, claim.folder) == ("mine", tmp_path / "mine/000_y")
    assert (elsewhere / "metrics.json").read_text() == "{"


def test_leftovers_of_killed_processes_go(tmp_path: Path) -> None:
    import socket

    ledger = Ledger(tmp_path)
    (tmp_path / "000_x").mkdir()
    (tmp_path / "000_x/status.json").write_text("{}")
    dead = f"999999999.1.0@{socket.gethostname()}"
    for left in (tmp_path / f".sweep/.k.json.{dead}", tmp_path / f"000_x/.metrics.json.{dead}"):
        left.mkdir()
        (left / "new.json").touch()
    ledger.adopt()
    assert not list(tmp_path.rglob("*@*"))
