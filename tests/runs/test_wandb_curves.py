"""Curves in W&B: the epochs of history.csv, the learning rate, and the values that were chosen."""

from __future__ import annotations

from pathlib import Path

import pytest

from ltgnn.runs.wandb_curves import LEARNING_RATE, Selection
from tests.runs.wandb_curves_case import records


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("val/items20/tail/ndcg@20", True),  # the monitor
        ("train/loss", True),
        ("test/ndcg@20", True),
        ("test/ndcg@10", False),
        ("test/auc", True),
        ("test/recall@10", True),
        ("test/recall@20", False),
        ("test/items20/head/ndcg@20", True),
        ("test/mass/head/ndcg@20", False),
    ],
)
def test_values_are_chosen_by_patterns(name: str, shown: bool) -> None:
    selection = Selection(["ndcg", "auc", "recall@10", "items20/*/ndcg"], "val/items20/tail/ndcg@20")
    assert (name in selection) is shown


def test_all_values_and_the_list_length_of_the_monitor() -> None:
    assert "test/mass/head/hr@50" in Selection(["*"], "val/ndcg@20")
    assert "test/ndcg@10" in Selection(["ndcg"], "val/recall@10")
    assert "test/ndcg@20" in Selection(["ndcg"], "val/auc")


def test_the_learning_rate_is_that_of_the_schedule(tracked_run: Path) -> None:
    rows = [record["item"] for record in records(tracked_run, "history")]
    rates = {row["epoch"]: row[LEARNING_RATE] for row in rows if LEARNING_RATE in row}
    assert rates == pytest.approx({epoch: 0.05 * (1 - epoch / 6) for epoch in range(1, 7)})
