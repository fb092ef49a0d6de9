"""What tests of table share."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ltgnn.commands.table import main
from tests.analysis.made import write_run

RULES = {
    "items20": {"rule": "by share of items: head 20 %, tail 80 %", "sizes": {"head": 20, "tail": 70, "cold": 10}},
    "mass": {
        "rule": "by share of train interactions: head 50 %, mid 30 %",
        "sizes": {"head": 9, "mid": 81, "cold": 10},
    },
}


def made(folder: Path, seed: int = 1, head: float = 0.5, **changes: Any) -> Path:
    """A finished run with two policies, a validation value, and ``changes`` of its test values."""
    test = changes.pop("test", {})
    more = changes.pop("metrics", {})
    run = write_run(folder, seed, 0.1, head, **changes)
    file = run / "metrics.json"
    metrics = json.loads(file.read_text())
    values = {f"{prefix}{m}@20": 0.25 for prefix in ("", "items20/cold/", "mass/mid/") for m in ("ndcg", "recall")}
    metrics["test"] = values | metrics["test"] | {"mass/head/ndcg@20": 0.7} | test
    metrics |= {"val": {"ndcg@20": head}, "groups": RULES, "seconds": {"total": 2.0}} | more
    file.write_text(json.dumps(metrics))
    return run


def printed(capsys: pytest.CaptureFixture[str], *words: object, code: int = 0) -> str:
    assert main([str(word) for word in words]) == code
    return " ".join(capsys.readouterr().out.split())
