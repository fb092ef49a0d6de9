"""Results of earlier sessions, whose run folders need not be here any more: nothing committed is lost by a new run."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ltgnn.config import older_recipes

IDENTITY = [
    "stage",
    "data",
    "split",
    "split_seed",
    "seed",
    "family",
    "model",
    "loss",
    "fusion",
    "features",
    "score",
    "words",
]
"""Columns of results.csv that say which run a line is of."""

Entry = Mapping[str, Any]


def earlier(out: Path) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """The lines of results.csv and what results.json holds in a folder; empty where there is none yet."""
    rows = results(out / "results.csv") if (out / "results.csv").is_file() else []
    found = out / "results.json"
    summary = json.loads(found.read_text(encoding="utf-8")) if found.is_file() else {}
    for claim in summary.get("claims", []):
        claim |= {side: renamed(claim[side]) for side in ("base", "new")}
    return rows, summary


def renamed(side: str) -> str:
    """One side of a claim, SWEEP or SWEEP:key=word,..., with words as they are called today."""
    sweep, colon, words = side.partition(":")
    return sweep + colon + ",".join(older_recipes.overrides(words.split(","))) if colon else side


def results(file: Path) -> list[dict[str, Any]]:
    """The lines of results.csv; columns and words of earlier versions of ltgnn as they are called today."""
    with file.open(encoding="utf-8", newline="") as opened:
        lines: list[dict[str, Any]] = [
            {older_recipes.AXES.get(key, key): value for key, value in line.items()} for line in csv.DictReader(opened)
        ]
    for line in lines:
        for group in ("model", "fusion"):
            line[group] = older_recipes.WORDS[group].get(line[group], line[group])
        line["words"] = " ".join(older_recipes.overrides(line["words"].split(" ")))
    return lines


def with_rows(new: Sequence[Entry], old: Sequence[Entry], stages: Sequence[str]) -> list[Entry]:
    """One line a run, by stage in the order of the plan: the new one where a run was made again."""
    lines = {tuple(str(row[column]) for column in IDENTITY): row for row in (*old, *new)}
    return sorted((row for row in lines.values() if row["stage"] in stages), key=lambda row: stages.index(row["stage"]))


def with_entries(new: Sequence[Entry], old: Sequence[Entry], key: Callable[[Entry], Any], size: Any) -> list[Entry]:
    """Claims or effects by ``key``; of two of the same, that which rests on more runs (``size``), else the new one."""
    found: dict[Any, Entry] = {key(entry): entry for entry in new}
    for entry in old:
        if key(entry) not in found or size(found[key(entry)]) < size(entry):
            found[key(entry)] = entry
    return list(found.values())
