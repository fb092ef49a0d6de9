"""Which job is next: the plan of a grid, pulled by the launcher one job at a time."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from ltgnn.sweeps.jobs import Outcome
from ltgnn.sweeps.progress import Board
from tests.sweeps.progress_case import Nothing, finished, job


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
