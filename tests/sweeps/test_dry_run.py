"""``sweep.dry_run=true``: what a sweep would do, where, and how long it would take."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

Launch = Callable[..., int]


def test_dry_run_lists_and_times_and_writes_nothing(
    launch: Launch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    grid = ["model=lightgcn,ease", "fusion=sum", "seed=1,2", "sweep.name=s", "-m"]
    assert launch(*grid, "sweep.dry_run=true") == 0
    printed = capsys.readouterr().out
    assert "4 of 4 jobs to run" in printed
    assert printed.count("_lightgcn_sum_") == 2
    assert "At most" in printed
    assert not (tmp_path / "logs").exists()
    assert launch(*grid, "seed=1") == 0
    capsys.readouterr()
    assert launch(*grid, "sweep.dry_run=true") == 0
    assert "2 of 4 jobs to run" in capsys.readouterr().out
    assert launch("loss=bpr_tail", "loss.ranking.weights.policy=items20,none", "sweep.dry_run=true", "-m") == 0
    assert "1 would fail at once" in capsys.readouterr().out
