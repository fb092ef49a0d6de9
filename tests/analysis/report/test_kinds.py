"""The section of a report on kinds of features: the numbers of the comparison, or a sentence."""

from __future__ import annotations

from pathlib import Path

import pytest

from ltgnn.analysis.kind_gains import kind_gains
from ltgnn.analysis.report.gather import read_runs
from ltgnn.analysis.report.kinds import kinds
from tests.analysis.made import METRIC, write_run


def test_numbers_are_those_of_the_comparison(sweep: Path, page: Path) -> None:
    """Fusions of one sweep, of which one reads the text."""
    runs = read_runs([sweep])
    found = kinds(runs)
    assert found is not None
    assert found == kind_gains(runs.finished, METRIC, "items20")
    assert {(gain.kind, gain.against) for gain in found.gains} == {("words", "added to no features")}
    text = page.read_text()
    for group in found.gains[0].groups:
        assert f"{group.estimate:+.5f}</td>" in text
        assert f"{group.lower:+.5f} to {group.upper:+.5f}" in text
    assert {group.group for group in found.gains[0].groups} >= {"all", "head", "tail", "activity/active"}


def test_runs_that_cannot_say(sweeps: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_run(tmp_path / "alone", 1, 0.1, 0.5)
    assert kinds(read_runs([tmp_path / "alone"])) is None
