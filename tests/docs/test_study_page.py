"""The tables of the headline study's page say what the committed record of its runs says."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/tutorials/text-against-the-tail.md").read_text(encoding="utf-8")
NAMES = {
    "popularity": "popularity",
    "item neighbours": "item_knn",
    "text neighbours": "content_knn",
    "GF-CF": "gfcf",
    "MF": "mf",
    "LightGCN": "lightgcn",
}
Run = dict[str, str]
with (ROOT / "experiments/hybrid/results.csv").open(encoding="utf-8") as _file:
    RUNS: list[Run] = [run for run in csv.DictReader(_file) if run["data"] == "amazon_beauty"]


def rows_of(step: int) -> list[list[str]]:
    """Cells of the step's table."""
    text = re.split(r"^## Step \d", PAGE, flags=re.MULTILINE)[step]
    lines = [line for line in text.splitlines() if line.startswith("| ")][1:]
    return [[cell.strip(" `") for cell in line.strip("|").split("|")] for line in lines if "---" not in line]


def said(run: Run, *parts: str) -> list[str]:
    return [f"{float(run[f'test_{part}']):.4f}".removeprefix("0") for part in parts]


def one(**wanted: str) -> Run:
    (found,) = [run for run in RUNS if all(run[key] == value for key, value in wanted.items())]
    return found


@pytest.mark.parametrize("row", rows_of(1), ids=lambda row: row[0])
def test_yardsticks(row: list[str]) -> None:
    if row[0] == "EASE, l2 50":
        run = one(stage="beauty-ease", words="model.closed_form.l2=50", score="dot", seed="1")
    else:
        run = one(stage="beauty-yardsticks", model=NAMES[row[0]])
    assert row[1:] == said(run, "all", "head", "tail")


@pytest.mark.parametrize("row", rows_of(2), ids=lambda row: " ".join(row[:3]))
def test_loss_model_and_fusion(row: list[str]) -> None:
    run = one(stage="beauty-grid", model=NAMES[row[0]], loss=row[1].lower(), fusion=row[2])
    assert row[3:] == said(run, "all", "head", "tail")


@pytest.mark.parametrize("row", rows_of(6)[1:], ids=lambda row: row[0])
def test_controls(row: list[str]) -> None:
    """Each with the weight of the text that is best on validation."""
    tried = [
        run
        for run in RUNS
        if run["stage"] in ("beauty-gram", "beauty-gram-controls")
        and "l2=100 " in run["words"]
        and run["score"] == "content_fit"
        and run["features"] == row[0]
    ]
    best = max(tried, key=lambda run: float(run["val_all"]))
    assert [cell.partition(" ")[0] for cell in row[1:]] == said(best, "all", "tail")
