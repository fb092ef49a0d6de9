"""A job of a sweep: its overrides, composed once, and its run key."""

from __future__ import annotations

import json
import logging
import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from ltgnn.sweeps.jobs import Outcome
from ltgnn.sweeps.progress import Board
from tests.conftest import run_folders
from tests.sweeps.progress_case import Nothing, finished, job
from tests.toy import write_shop

Launch = Callable[..., int]

SWEEP = ["model=popularity,ease", "features=none", "sweep.name=s", "-m"]


def results(folder: Path) -> str:
    return (folder / "metrics.json").read_text()


def test_other_data_at_the_same_place_are_other_jobs(
    launch: Launch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = f"data.files.path={write_shop(tmp_path / 'mine', seed=1)}"
    assert launch(place, *SWEEP) == 0
    first = {folder: results(folder) for folder in run_folders(tmp_path)}
    write_shop(tmp_path / "mine", seed=2)
    capsys.readouterr()
    assert launch(place, *SWEEP) == 0
    printed = capsys.readouterr().out
    assert "2 of 2 done: 2 finished" in printed
    assert "data: toy.inter has other contents" in printed
    assert "rows 0, 2; rows 1, 3" in printed
    every = run_folders(tmp_path)
    assert {folder: results(folder) for folder in first} == first  # nothing is lost
    assert len(every) == 4
    prints = Counter(json.loads(results(folder))["fingerprint"] for folder in every)
    assert sorted(prints.values()) == [2, 2]

    capsys.readouterr()
    assert launch(place, *SWEEP) == 0
    assert "2 of 2 done: 2 skipped" in capsys.readouterr().out
    write_shop(tmp_path / "mine", seed=1)  # the first data are back, and so are their results
    assert launch(place, *SWEEP) == 0
    assert "2 of 2 done: 2 skipped" in capsys.readouterr().out


def test_data_that_change_while_a_sweep_runs_are_not_mixed_in(
    launch: Launch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from ltgnn.sweeps import progress

    folder = write_shop(tmp_path / "mine", seed=1)
    done = progress.Board.done

    def replaced(self: progress.Board, *given: object) -> None:
        write_shop(folder, seed=2)
        done(self, *given)  # type: ignore[arg-type]

    monkeypatch.setattr(progress.Board, "done", replaced)
    assert launch(f"data.files.path={folder}", *SWEEP) == 1
    assert "have changed since the sweep began" in capsys.readouterr().out
    states = [json.loads((f / "status.json").read_text())["state"] for f in run_folders(tmp_path)]
    assert states == ["finished", "failed"]


def test_a_folder_of_keys_without_the_data_is_kept_beside(
    launch: Launch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """As sweeps of before have them: the runs say nothing of what their files held, so that they are run again."""
    assert launch("model=ease", "seed=1", *SWEEP[1:]) == 0
    (old,) = run_folders(tmp_path)
    status = json.loads((old / "status.json").read_text())
    del status["inputs"]
    (old / "status.json").write_text(json.dumps(status | {"key": "k" * 64}))
    shutil.rmtree(old.parent / ".sweep")
    before = results(old)
    capsys.readouterr()
    assert launch("model=ease", "seed=1", *SWEEP[1:]) == 0
    assert "before the contents of its files were recorded" in capsys.readouterr().out
    assert results(old) == before
    assert len(run_folders(tmp_path)) == 2


def test_a_named_sweep_is_gone_on_with(launch: Launch, tmp_path: Path) -> None:
    assert launch("model=popularity", *SWEEP[1:]) == 0
    assert launch("model=ease", *SWEEP[1:]) == 0
    assert len(list((tmp_path / "logs/train/multiruns").iterdir())) == 1


def test_jobs_of_before_are_counted(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    plan = Nothing()
    plan.before = 4
    board = Board(plan, 6, 1, "val/ndcg@20")
    board.live = False
    done = finished(tmp_path / "a")
    with caplog.at_level(logging.INFO):
        board.done(job(done, "seed=1"), Outcome("finished", done, seconds=1.0))
    assert caplog.messages[0].startswith("[5/6] seed=1: finished")
    assert board.count_done() == "5 of 6 done: 1 finished, 4 before"
