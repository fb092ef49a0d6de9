"""What tests of comparison share."""

from __future__ import annotations

from pathlib import Path

from ltgnn.analysis.comparison import Cell, Comparison, compare, read_finished
from ltgnn.analysis.labels import differing_keys
from tests.analysis.made import METRIC, NAMES

TAIL = NAMES["tail"]

GRID = {("id", "bpr"): 0.10, ("sum", "bpr"): 0.12, ("id", "softmax"): 0.11, ("sum", "softmax"): 0.112}


def table(folder: Path, **changes: object) -> Comparison:
    runs, left_out = read_finished([folder])
    given = {"baseline": {"fusion": "id"}, "correction": "holm"} | changes
    return compare(runs, differing_keys(runs), [METRIC, TAIL], left_out=left_out, **given)  # type: ignore[arg-type]


def cells(found: Comparison, name: str) -> dict[tuple[str, ...], Cell]:
    return {row.options: row.cells[found.names.index(name)] for row in found.rows}  # type: ignore[misc]
