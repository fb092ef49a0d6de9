"""What ``ltgnn reproduce`` prints: a verdict and what it rests on, and the list of the rows."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ltgnn.reproduction import result as paper_result
from ltgnn.reproduction.published_row import Row
from ltgnn.reproduction.verdict import describe


def show(row: Row, result: dict[str, Any]) -> None:
    """The verdict and what it rests on."""
    notes = {
        "test": "selected by the TEST part, as the source did: a comparison, no claim",
        "validation": "selected by validation",
        "none": "nothing is selected",
    }
    selection = "the epochs of the source's curve" if result["kind"] == "smoke" else notes[row.selection]
    print(f"{row.name}  {result['verdict']}  ({result['kind']} run; {selection}; {result['minutes']:.1f} min)")
    for judged in [*result["judged"], *result["shown"]]:
        print("  " + describe(judged))
    if result["verdict"] != "PASS" and row.reason:
        print(f"  reason: {row.reason}")


def list_rows(rows: Sequence[Row], results: Path) -> str:
    """The rows: name, state, published values, cost, smoke test or not."""
    lines = []
    for row in rows:
        result = paper_result.newest(results, row.name)
        state = paper_result.NOT_RUN if result is None else f"{result['verdict']} ({result['kind']})"
        wanted = "  ".join(f"{number.metric} {number.value:g}" for number in row.whole.judged)
        early = "smoke" if row.smoke else ""
        lines.append(
            f"{row.name:<26}{state:<14} {row.title:<42} {wanted:<34} {row.selection:<11}{row.hardware:<4}{early}"
        )
    return "\n".join(lines)
