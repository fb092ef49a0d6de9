"""Rows of a table: seeds of a configuration are one row."""

from __future__ import annotations

from pathlib import Path

from ltgnn.analysis.rows import rows_of
from ltgnn.runs.reading import read_all
from tests.analysis.made import write_run


def test_seeds_of_a_configuration_are_one_row(tmp_path: Path) -> None:
    for fusion, shift in (("fusion=id", 0.0), ("fusion=sum", 0.1)):
        for seed in (1, 2):
            write_run(tmp_path / f"{fusion[-2:]}{seed}", seed, 0.1 + shift, 0.5, fusion=fusion)
    rows = rows_of(read_all([tmp_path])[0])
    assert [len(row.runs) for row in rows] == [2, 2]
