"""The rows of history.csv: in order, the later of an epoch that was run twice."""

from __future__ import annotations

from pathlib import Path

import pytest

from ltgnn.runs.history import read_history
from ltgnn.runs.reading import read_run
from ltgnn.runs.run import DamagedRun
from tests.analysis.made import write_run


def test_the_later_row_of_an_epoch_counts(tmp_path: Path) -> None:
    run = read_run(write_run(tmp_path / "run", 1, 0.1, 0.5))
    assert read_history(run) == []
    file = run.folder / "history.csv"
    file.write_text("epoch,val/ndcg@20\n2,0.2\n1,0.1\n2,0.3\n3,\n")
    assert read_history(run) == [{"epoch": 1, "val/ndcg@20": 0.1}, {"epoch": 2, "val/ndcg@20": 0.3}, {"epoch": 3}]
    file.write_text("epoch,val/ndcg@20\none,x\n")
    with pytest.raises(DamagedRun):
        read_history(run)
