"""What tests of plots share."""

from __future__ import annotations

from pathlib import Path

import pytest

from ltgnn.analysis.rows import Row, rows_of
from ltgnn.runs.reading import read_all
from tests.analysis.plots.plots_case import write_sweep


@pytest.fixture
def sweep(tmp_path: Path) -> Path:
    return write_sweep(tmp_path)


@pytest.fixture
def rows(sweep: Path) -> list[Row]:
    found = rows_of(read_all([sweep])[0])
    assert len(found) == 3
    return found
