"""The objectives of a search: which way is better, and their values."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ltgnn.runs.folder import RunFolder
from ltgnn.sweeps.objectives import values, ways
from ltgnn.types import UserError


def test_ways() -> None:
    names = ["val/ndcg@20", "test/recall@20"]
    assert ways(None, names, {}) == ["maximize", "maximize"]
    assert ways("minimize", names, {}) == ["minimize", "minimize"]
    for given in (["maximize"], "up"):
        with pytest.raises(UserError, match=r"wanted maximize or minimize, one for all or one for each of 2"):
            ways(given, names, {})


def test_values_of_a_run(tmp_path: Path) -> None:
    (tmp_path / "metrics.json").write_text(json.dumps({"val": {"ndcg@20": 0.25}, "test": {"ndcg@20": 0.5}}))
    run = RunFolder(tmp_path)
    assert values(run, ["test/ndcg@20", "val/ndcg@20"]) == [0.5, 0.25]
    with pytest.raises(UserError, match=r"has no value 'val/ndgc@20'. Did you mean: val/ndcg@20"):
        values(run, ["val/ndgc@20"])
