"""A run on disk: its options, its values."""

from __future__ import annotations

from pathlib import Path

from ltgnn.runs.reading import read_run
from ltgnn.runs.run import first_line
from tests.analysis.made import write_run


def test_options_and_seed(tmp_path: Path) -> None:
    run = read_run(write_run(tmp_path / "run", 7, 0.1, 0.5, fusion="sum"))
    assert run.option("fusion") == "sum"
    assert str(run.seed) == "7"
    assert run.state == "finished"


def test_the_first_line_of_an_error() -> None:
    assert first_line(ValueError("\n  no disk \nmore")) == "no disk"
    assert first_line(KeyError()) == "KeyError"
