"""Who has a job: one at a time, dead owners do not count, failures of this sweep are answers."""

from __future__ import annotations

import json
import multiprocessing
import os
import shutil
import signal
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import Connection
from pathlib import Path
from threading import Semaphore

import pytest

from ltgnn.sweeps import ledger as module
from ltgnn.sweeps.ledger import Ledger
from tests.conftest import run_folders
from tests.sweeps.toy import numbers


def status(folder: Path, state: str, **more: object) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    if state == "finished":
        (folder / "metrics.json").write_text('{"test": {}}')
        (folder / "config.yaml").write_text("choices: {}\n")
    (folder / "status.json").write_text(json.dumps({"state": state, **more}))


def hold(sweep_dir: Path, key: str, name: str, work: Callable[[], object] = lambda: None) -> str:
    """Whose the job is; if it is ours, ``work`` is done with it."""
    with Ledger(sweep_dir).claim(key, name, 0.0) as claim:
        if claim.state == "mine":
            status(claim.folder, "running")
            work()
            status(claim.folder, "finished")
        return claim.state


def hold_for_ever(sweep_dir: Path, ready: Connection) -> None:
    def work() -> None:
        ready.send("running")
        ready.recv()  # nobody ever answers

    hold(sweep_dir, "k", "first", work)


def test_one_of_many_gets_the_job(tmp_path: Path) -> None:
    """Who has it ends when all the others have been answered."""
    answered = Semaphore(0)

    def ask(number: int) -> str:
        state = hold(tmp_path, "k", f"{number}", lambda: [answered.acquire() for _ in range(7)])
        answered.release()
        return state

    with ThreadPoolExecutor(8) as threads:
        states = list(threads.map(ask, range(8)))
    assert sorted(states) == [*["busy"] * 7, "mine"]
    assert hold(tmp_path, "k", "another") == "finished"
    assert len([path for path in tmp_path.iterdir() if path.name != ".sweep"]) == 1


def test_a_killed_owner_is_taken_over_in_the_same_folder(tmp_path: Path) -> None:
    ours, theirs = multiprocessing.Pipe()
    child = multiprocessing.get_context("spawn").Process(target=hold_for_ever, args=(tmp_path, theirs), daemon=True)
    child.start()
    assert ours.recv() == "running"
    ledger = Ledger(tmp_path)
    assert ledger.busy("k")
    assert child.pid
    os.kill(child.pid, signal.SIGKILL)
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)  # dead and still in the table: a zombie must count as dead
    assert not ledger.busy("k")
    with ledger.claim("k", "second", 0.0) as claim:
        assert (claim.state, claim.folder) == ("mine", tmp_path / "first")
        assert list(claim.folder.iterdir()) == []
    child.join()


def test_the_same_words_under_a_changed_recipe_are_another_job(tmp_path: Path) -> None:
    """A finished run is an answer to its own key alone, also where another key would get its folder's name."""
    status(tmp_path / "name", "finished", key="old")
    ledger = Ledger(tmp_path)
    ledger.adopt()
    with ledger.claim("newer recipe", "name", 0.0) as claim:
        assert (claim.state, claim.folder) == ("mine", tmp_path / "name_newer re")
        status(claim.folder, "finished", key="newer recipe")
    assert json.loads((tmp_path / "name/status.json").read_text())["key"] == "old"
    assert ledger.finished("old")
    assert ledger.finished("newer recipe")
    assert hold(tmp_path, "newer recipe", "name") == "finished"


def test_an_exception_frees_the_job(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)

    def interrupted() -> None:
        with ledger.claim("k", "a", 0.0):
            assert ledger.busy("k")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert not ledger.busy("k")


def test_a_failure_is_an_answer_only_to_those_who_were_there(tmp_path: Path) -> None:
    with Ledger(tmp_path).claim("k", "a", 0.0) as claim:
        status(claim.folder, "failed", ended=100.0)
    with Ledger(tmp_path).claim("k", "a", 99.0) as claim:
        assert claim.state == "failed"
    with Ledger(tmp_path).claim("k", "a", 101.0) as claim:
        assert claim.state == "mine"


def test_runs_of_other_programs_are_adopted(tmp_path: Path) -> None:
    status(tmp_path / "007_x", "finished", key="k")
    ledger = Ledger(tmp_path)
    ledger.adopt()
    assert ledger.finished("k")
    with ledger.claim("k", "000_x", 0.0) as claim:
        assert (claim.state, claim.folder.name) == ("finished", "007_x")


def test_other_machines_are_judged_by_their_signs_of_life(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    ledger._write("k", {"folder": "a", "owner": {"host": "elsewhere", "pid": 1, "born": None}})
    assert ledger.busy("k")
    old = time.time() - module.SILENT - 1
    os.utime(tmp_path / ".sweep/k.json", (old, old))
    assert not ledger.busy("k")


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


@pytest.mark.parametrize("folder", ["..", "../home", "{home}", "link", ".", ""])
def test_entries_cannot_name_other_folders(folder: str, tmp_path: Path) -> None:
    home, sweep = tmp_path / "home", tmp_path / "sweep"
    home.mkdir()
    (home / "kept").write_text("mine")
    (tmp_path / "kept").write_text("mine")
    ledger = Ledger(sweep)
    (sweep / "link").symlink_to(home)
    entry = {"folder": folder.format(home=home), "owner": None}
    (sweep / ".sweep" / "k.json").write_text(json.dumps(entry))
    (sweep / "000_x").symlink_to(home)
    with ledger.claim("k", "000_x", 0.0) as claim:
        assert claim.state == "mine"
        assert claim.folder == sweep / "000_x"
    assert (home / "kept").is_file()
    assert (tmp_path / "kept").is_file()
    assert (sweep / ".sweep" / "k.json").is_file()


@pytest.mark.parametrize("key", ["../../evil", "/evil", "", ".", "a/b"])
def test_keys_cannot_name_other_files(key: str, tmp_path: Path) -> None:
    (tmp_path / "sweep" / "000_x").mkdir(parents=True)
    (tmp_path / "sweep" / "000_x" / "status.json").write_text(json.dumps({"state": "finished", "key": key}))
    Ledger(tmp_path / "sweep").adopt()
    assert not [file for file in tmp_path.rglob("*.json") if file.name != "status.json"]
