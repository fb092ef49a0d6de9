"""How two sides differ on one group of items."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest

from ltgnn.commands.claim import main
from tests.analysis.made import NAMES, side


def test_a_base_of_0_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    base, new = side(tmp_path / "base", 5, 0.1, 0.5), side(tmp_path / "new", 5, 0.14, 0.5)
    for run in range(5):
        folder = tmp_path / f"base/run{run}"
        file = folder / "per_user.parquet"
        pl.read_parquet(file).with_columns(pl.col(NAMES["tail"]) * 0, pl.col(NAMES["head"]) * 0).write_parquet(file)
        metrics = json.loads((folder / "metrics.json").read_text())
        metrics["test"] |= {NAMES["tail"]: 0.0, NAMES["head"]: 0.0}
        (folder / "metrics.json").write_text(json.dumps(metrics))
    assert main([base, new, "--draws", "200"]) == 0
    out = capsys.readouterr().out
    assert "nan" not in out
    assert "no head loss: the base is 0 there" in out
    assert out.count("base is 0") == 3  # there, and in the rows of head and tail
