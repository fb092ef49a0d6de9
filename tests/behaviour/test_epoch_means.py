"""The losses that an epoch reports: means over its pairs, given to Lightning once."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from ltgnn.module import Recommender
from ltgnn.types import Batch


def test_the_mean_over_the_pairs_with_the_last_batch(
    launch: Callable[..., int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last batch is smaller and counts less; nothing of an epoch is in the next."""
    taken: list[list[tuple[float, int]]] = []
    logged: list[int] = []
    step, log_dict = Recommender.training_step, Recommender.log_dict

    def noting(self: Recommender, batch: Batch, number: int) -> torch.Tensor:
        if number == 0:
            taken.append([])
        total = step(self, batch, number)
        taken[-1].append((float(total.detach()), len(batch.users)))
        return total

    def counting(self: Recommender, values: Any, **options: Any) -> None:
        logged.append(sum(map(len, taken))) if "train/loss" in values else None
        log_dict(self, values, **options)

    monkeypatch.setattr(Recommender, "training_step", noting)
    monkeypatch.setattr(Recommender, "log_dict", counting)
    words = ("model=mf", "features=none", "loss=bpr", "epochs=3", "min_epochs=3", "eval_every=1", "batch_size=50")
    assert launch(*words) == 0
    (file,) = tmp_path.rglob("history.csv")
    with file.open(newline="", encoding="utf-8") as text:
        rows = list(csv.DictReader(text))
    means = [sum(loss * size for loss, size in epoch) / sum(size for _, size in epoch) for epoch in taken]
    assert [float(row["train/loss"]) for row in rows] == pytest.approx(means, rel=1e-5)
    assert len({size for _, size in taken[0]}) == 2
    assert logged == [len(taken[0]) * epoch - 1 for epoch in (1, 2, 3)]  # within the last step of each
    for row in rows:
        assert float(row["train/loss"]) == pytest.approx(float(row["train/ranking"]) + float(row["train/l2"]), rel=1e-5)
