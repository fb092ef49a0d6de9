"""What a sweep prints of each job: every number has a name, and what comes from data is text."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console

from ltgnn.sweeps.jobs import Outcome
from ltgnn.sweeps.progress import Board, failed_table
from tests.sweeps.progress_case import Nothing, finished, job


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
