"""The losses that an epoch reports: means over its pairs, given to Lightning once."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ltgnn.module import Recommender
from tests.training import steps


def test_the_mean_over_the_pairs_with_the_last_batch(
    launch: Callable[..., int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last batch is smaller and counts less; nothing of an epoch is in the next."""
    file, logged, log_dict = tmp_path / "steps.jsonl", list[int](), Recommender.log_dict

    def counting(self: Recommender, values: Any, **options: Any) -> None:
        logged.extend([len(steps.read(file))] if "train/loss" in values else [])
        log_dict(self, values, **options)

    monkeypatch.setattr(Recommender, "log_dict", counting)
    words = ("model=mf", "features=none", "loss=bpr", "epochs=3", "min_epochs=3", "eval_every=1", "batch_size=50")
    assert launch(*words, *steps.words(file)) == 0
    taken = [[step for step in steps.read(file) if step["epoch"] == epoch] for epoch in range(3)]
    (history,) = tmp_path.rglob("history.csv")
    with history.open(newline="", encoding="utf-8") as text:
        rows = list(csv.DictReader(text))
    means = [
        sum(step["loss"] * step["rows"] for step in epoch) / sum(step["rows"] for step in epoch) for epoch in taken
    ]
    assert [float(row["train/loss"]) for row in rows] == pytest.approx(means, rel=1e-5)
    assert len({step["rows"] for step in taken[0]}) == 2
    assert logged == [len(taken[0]) * epoch - 1 for epoch in (1, 2, 3)]  # within the last step of each
    for row in rows:
        assert float(row["train/loss"]) == pytest.approx(float(row["train/ranking"]) + float(row["train/l2"]), rel=1e-5)
