"""Curves in W&B: the epochs of history.csv, the learning rate, and the values that were chosen."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from ltgnn.runs.wandb_curves import LEARNING_RATE, Selection
from ltgnn.runs.wandb_import import import_file, inspect


def file_of(folder: Path) -> Path:
    (file,) = folder.glob("wandb/offline-run-*/run-*.wandb")
    return file


def records(folder: Path, kind: str) -> list[dict[str, Any]]:
    found = map(json.loads, inspect(file_of(folder)).splitlines())
    return [record[kind] for record in found if record["type"] == kind]


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


def test_curves_have_the_epochs_of_the_history(tracked_run: Path) -> None:
    rows = [record["item"] for record in records(tracked_run, "history")]
    with (tracked_run / "history.csv").open(newline="") as file:
        wanted = {int(row["epoch"]): float(row["val/ndcg@20"]) for row in csv.DictReader(file)}
    assert list(wanted) == [2, 4, 6]
    assert {row["epoch"]: row["val/ndcg@20"] for row in rows if "val/ndcg@20" in row} == pytest.approx(wanted)
    assert [row["epoch"] for row in rows if "train/loss" in row] == [1, 2, 3, 4, 5, 6]
    steps = [row["trainer/global_step"] for row in rows if "trainer/global_step" in row]
    assert steps == sorted(steps)
    values = {key for row in rows for key in row if key.startswith("val/")}
    assert {"val/ndcg@20", "val/items20/tail/recall@20"} <= values
    assert len(values) <= 10


def test_the_learning_rate_is_that_of_the_schedule(tracked_run: Path) -> None:
    rows = [record["item"] for record in records(tracked_run, "history")]
    rates = {row["epoch"]: row[LEARNING_RATE] for row in rows if LEARNING_RATE in row}
    assert rates == pytest.approx({epoch: 0.05 * (1 - epoch / 6) for epoch in range(1, 7)})


def test_the_axis_of_all_curves_is_the_epoch(tracked_run: Path) -> None:
    metrics = {metric.get("name") or metric["glob_name"]: metric for metric in records(tracked_run, "metric")}
    assert {metrics[name]["step_metric"] for name in ("*", "train/loss", "val/ndcg@20")} == {"epoch"}
    assert metrics["val/ndcg@20"]["summary"] == {"last": True, "max": True}


def test_the_summary_has_the_values_that_matter(tracked_run: Path) -> None:
    found = json.loads(inspect(file_of(tracked_run), "--summary"))
    metrics = json.loads((tracked_run / "metrics.json").read_text())
    tests = {key: value for key, value in found["summary"].items() if key.startswith("test/")}
    assert len(tests) <= 10
    assert tests == {key: metrics["test"][key.removeprefix("test/")] for key in tests}
    assert {"test/ndcg@20", "test/coverage@20", "test/items20/head/ndcg@20", "test/items20/tail/ndcg@20"} <= set(tests)
    assert found["summary"]["monitor/best_epoch"] == metrics["selection"]["epoch"]
    assert found["summary"]["epochs"] == metrics["selection"]["epochs_run"]
    assert found["name"] == "lightgcn sum bpr words seed=1"
    (run,) = records(tracked_run, "run")
    assert "run_group" not in run, "a single run is in no group"


def test_an_imported_run_has_the_same_epochs(tracked_run: Path, tmp_path: Path) -> None:
    copy = import_file(file_of(tracked_run), tmp_path, {})
    rows = [list(csv.DictReader((folder / "history.csv").open(newline=""))) for folder in (tracked_run, copy)]
    validated = [[float(row["epoch"]) for row in one if row.get("val/ndcg@20")] for one in rows]
    assert validated == [[2, 4, 6], [2, 4, 6]]
