"""Run folders below a place, read or named."""

from __future__ import annotations

from pathlib import Path

import pytest

from ltgnn.runs.reading import find, name_left_out, read_all
from ltgnn.types import UserError
from tests.analysis.made import write_run


def test_runs_at_any_depth_and_what_is_damaged(tmp_path: Path) -> None:
    one, two = write_run(tmp_path / "a/one", 1, 0.1, 0.5), write_run(tmp_path / "two", 2, 0.1, 0.5)
    assert find([tmp_path]) == [one, two]
    assert find([tmp_path], deep=False) == [two]
    (two / "metrics.json").write_text("{")
    runs, damaged = read_all([tmp_path])
    assert [run.folder for run in runs] == [one]
    assert [run.folder for run in damaged] == [two]
    assert name_left_out(damaged).startswith("Left out, damaged: ")


def test_no_run_is_said(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"no run folder \(with a status.json\) at or below"):
        read_all([tmp_path])
