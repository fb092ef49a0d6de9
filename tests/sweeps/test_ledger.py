"""Who has a job: one at a time, dead owners do not count, failures of this sweep are answers."""

from __future__ import annotations

import json
import multiprocessing
import os
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
from ltgnn.sweeps.process_id import alive, start_time, this_process


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


def test_numbers_of_processes_are_used_again() -> None:
    assert alive(this_process()) is True
    assert alive({**this_process(), "born": "1"}) is False
    assert alive({**this_process(), "host": "elsewhere"}) is None
    assert start_time(os.getpid()) == this_process()["born"]
