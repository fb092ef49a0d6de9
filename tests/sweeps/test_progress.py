"""What a sweep prints of each job: every number has a name, and what comes from data is text."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import pytest
from omegaconf import OmegaConf
from rich.console import Console

from ltgnn.sweeps.jobs import Job, Outcome
from ltgnn.sweeps.plan import Plan
from ltgnn.sweeps.progress import Board, failed_table


class Nothing(Plan):
    def pull(self) -> Job | None:
        return None

    def done(self, job: Job, outcome: Outcome) -> None:
        pass


def job(folder: Path, label: str) -> Job:
    return Job(0, (), label, folder.parent, folder.name, OmegaConf.create(), label)


def finished(folder: Path) -> Path:
    folder.mkdir()
    (folder / "metrics.json").write_text(json.dumps({"val": {"ndcg@20": 0.1674}, "selection": {"epoch": 3}}))
    return folder


def test_a_line_names_its_number(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    board = Board(Nothing(), 2, 1, "val/ndcg@20")
    board.live = False
    done, failed = finished(tmp_path / "a"), tmp_path / "b"
    with caplog.at_level(logging.INFO):
        board.done(job(done, "seed=1 +x=[/a]\x1b[2J"), Outcome("finished", done, seconds=111.2))
        board.done(job(failed, "seed=2"), Outcome("failed", failed, "UserError: cannot read [/b]\x07", 1.0))
    assert [record.getMessage() for record in caplog.records] == [
        "[1/2] seed=1 +x=[/a]: finished in 111.2 s, val/ndcg@20 0.1674",
        "[2/2] seed=2: failed in 1.0 s: cannot read [/b]�",
    ]


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


def test_the_live_table_and_that_of_failures_take_brackets_as_text(tmp_path: Path) -> None:
    board = Board(Nothing(), 2, 1, "val/ndcg@20")
    folder = finished(tmp_path / "[b]run")
    made = job(folder, "+x=[/a]")
    board.done(made, Outcome("failed", folder, "cannot read [/b]", 1.0))
    board.running[made.key] = (made, 0.0)
    console = Console(width=200, record=True)
    console.print(board._render())
    console.print(failed_table(board.failures()))
    text = console.export_text()
    assert text.count("+x=[/a]") == 3
    assert "cannot read [/b]" in text
    assert "[b]run/error.txt" in text
