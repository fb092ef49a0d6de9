"""What a reproduction leaves behind: one JSON file a row and commit, and the table that is made of them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ltgnn.config.paths import write_whole
from ltgnn.io.bounded_read import read_json
from ltgnn.io.pluralize import pluralize
from ltgnn.reproduction.published_row import Row
from ltgnn.reproduction.verdict import format_signed, short
from ltgnn.types import UserError

BEGIN, END = "<!-- ltgnn reproduce: begin -->", "<!-- ltgnn reproduce: end -->"
"""A table of some rows is between these two lines of README; it is generated from the result files, never by hand."""

SHOWN = 5
"""Rows in README; the documentation has all of them."""

NOT_RUN = "not yet run"


def write(folder: Path, result: Mapping[str, Any]) -> Path:
    """``folder/ROW/COMMIT.json``, of a smoke run ``COMMIT-smoke.json``, atomically."""
    name = str(result["commit"] or "unknown") + ("-smoke" if result["kind"] == "smoke" else "")
    file = folder / str(result["row"]) / f"{name}.json"
    write_whole(file, json.dumps(result, indent=1, ensure_ascii=False) + "\n")
    return file


def newest(folder: Path, row: str) -> dict[str, Any] | None:
    """The last full run of a row; where there is none, the last smoke run; where there is none either, None."""
    results = [read_json(folder / row, file.name) or {} for file in sorted((folder / row).glob("*.json"))]
    if not results:
        return None
    last: dict[str, Any] = max(results, key=lambda result: (result["kind"] == "whole", result["finished"]))
    return last


def table(rows: Sequence[Row], folder: Path) -> str:
    """Every row in Markdown, with its newest result or ``not yet run``; below it why some are not PASS."""
    lines = [
        "| row | published R@20 / N@20 | ours | delta | verdict | run | selected by |",
        "|---|---|---|---|---|---|---|",
    ]
    notes = []
    for row in rows:
        link = f"[{row.title}](experiments/paper/{row.name}.yaml)"
        result = newest(folder, row.name)
        if result is None:
            wanted = " / ".join(short(number.value) for number in row.whole.judged)
            where = f"{NOT_RUN}: requires a GPU" if row.hardware == "gpu" else NOT_RUN
            lines.append(f"| {link} | {wanted} | | | {where} | | {row.selection} |")
            continue
        last = [judged for judged in result["judged"] if judged["epoch"] == result["judged"][-1]["epoch"]]
        seeds = len(result["runs"])
        spread = "" if last[0]["sd"] is None else f" (sd {short(last[0]['sd'])})"
        epoch = "" if last[0]["epoch"] is None else f"smoke, epoch {last[0]['epoch']}, "
        cells = (
            link,
            " / ".join(short(judged["published"]) for judged in last),
            " / ".join(short(judged["mean"]) for judged in last) + spread,
            " / ".join(format_signed(judged["delta"]) for judged in last),
            f"[{result['verdict']}](experiments/results/{row.name})",
            f"{epoch}{pluralize(seeds, 'seed')}, {result['minutes']:.0f} min",
            row.selection,
        )
        lines.append("| " + " | ".join(cells) + " |")
        if result["verdict"] != "PASS":
            notes.append(f"- {row.title}, {result['verdict']}: {row.reason or 'reason not known yet'}")
    return "\n".join([*lines, *(["", *notes] if notes else [])])


def choose(rows: Sequence[Row], folder: Path, most: int = SHOWN) -> list[Row]:
    """At most ``most`` rows for a short table, in their order: what holds first, whole runs before smoke runs.

    One row of each model comes before a second of the same; the model is what a title says before its comma.
    """

    found = {row.name: newest(folder, row.name) or {} for row in rows}
    grades = {name: (result.get("verdict") != "PASS", not result) for name, result in found.items()}
    ranked = sorted(rows, key=lambda row: (*grades[row.name], found[row.name].get("kind") != "whole"))
    first = {row.title.partition(",")[0]: row.name for row in reversed(ranked)}
    ranked.sort(key=lambda row: (*grades[row.name], row.name not in first.values()))
    chosen = {row.name for row in ranked[:most]}
    return [row for row in rows if row.name in chosen]


def rebuild(readme: Path, rows: Sequence[Row], folder: Path) -> None:
    """Put the table of the chosen rows between the two marks of README; all else stays as it is."""
    text = readme.read_text(encoding="utf-8") if readme.is_file() else ""
    if text.count(BEGIN) != 1 or text.count(END) != 1 or text.index(BEGIN) > text.index(END):
        raise UserError(
            f"{readme}: no place for the table. Expected a file with, once each and in this order, {BEGIN} and {END}."
        )
    before, _, rest = text.partition(BEGIN)
    after = rest.partition(END)[2]
    write_whole(readme, f"{before}{BEGIN}\n{table(choose(rows, folder), folder)}\n{END}{after}")
