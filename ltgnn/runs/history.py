"""The rows of history.csv: one for each evaluation of a training."""

from __future__ import annotations

import csv
from pathlib import Path

from ltgnn.runs.reading import HUGE
from ltgnn.runs.run import Run


def read_history(run: Run) -> list[dict[str, float]]:
    """Column -> value of each evaluation, by epoch.

    Of an epoch that was run twice (killed and restarted) the later row counts. Empty where the run has none, as a
    closed form. ``DamagedRun`` where the file cannot be read.
    """
    return run.reading("history.csv", _epochs) if (run.folder / "history.csv").is_file() else []


def _epochs(file: Path) -> list[dict[str, float]]:
    with file.open(newline="", encoding="utf-8") as lines:
        rows = [{key: float(value) for key, value in row.items() if value} for row in csv.DictReader(lines)]
    finite = [{key: value for key, value in row.items() if abs(value) < HUGE} for row in rows]
    return [row for _, row in sorted({row["epoch"]: row for row in finite}.items())]
