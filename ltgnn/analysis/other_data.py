"""A line for tables: which runs name the same data and split, but were run on other data than the others."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any


def data_note(runs: Sequence[tuple[Mapping[str, Any], Mapping[str, Any]]]) -> str:
    """``runs``: (resolved config, metrics) of each row of the table; empty where all of one recipe are of one data."""
    recipes: dict[str, dict[tuple[str, str], list[int]]] = {}
    for number, (config, metrics) in enumerate(runs):
        if "fingerprint" in metrics:
            recipe = json.dumps([config.get("data"), config.get("split")], sort_keys=True, default=str)
            data = str(metrics["fingerprint"]), str(metrics.get("data_sha256", ""))
            recipes.setdefault(recipe, {}).setdefault(data, []).append(number)
    return "\n".join(
        "The same recipe of data and split, but other data (their files have changed), so that these numbers are not "
        "comparable: rows " + "; rows ".join(", ".join(map(str, rows)) for rows in several.values()) + "."
        for several in recipes.values()
        if len(several) > 1
    )
