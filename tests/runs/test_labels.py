"""What tells runs apart in tables: choices, knobs, and what ``ltgnn evaluate`` changed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ltgnn.runs.contrast import axes_of
from ltgnn.runs.sides import Run
from ltgnn.runs.table import Row, labels

CHOICES = {"model": "lightgcn", "fusion": "id", "loss": "bpr"}


def config(**changes: Any) -> dict[str, Any]:
    return {"seed": 1, "dim": 64, "tags": [], "choices": CHOICES, **changes}


def told(*configs: dict[str, Any]) -> list[str]:
    return labels([Row(Path(), c, {}, "finished", "") for c in configs])


def test_only_differences_are_named() -> None:
    assert told(config(), config(dim=32)) == ["dim=64", "dim=32"]
    assert told(config(), config(choices=CHOICES | {"fusion": "sum"})) == ["id", "sum"]
    assert told(config()) == ["lightgcn id bpr"]


def test_each_dial_of_an_evaluation_is_an_axis_of_its_own() -> None:
    turned = [config(changed=f"score=content score.norm_power={p}", score={"norm_power": p}, run="x") for p in (0, 1)]
    assert told(*turned) == ["score.norm_power=0", "score.norm_power=1"]
    runs = [Run(Path(), c, {}) for c in turned]
    assert axes_of(runs) == ("score.norm_power",)
    assert [run.word("score.norm_power") for run in runs] == ["0", "1"]
    assert (runs[0].word("fusion"), runs[0].word("dim"), runs[0].word("score.nothing")) == ("id", "64", "-")
