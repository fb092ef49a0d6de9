"""The objectives of a search: which way is better, and what a finished run says of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ltgnn.runs.folder import RunFolder
from ltgnn.types import Mistake


def ways(directions: str | Sequence[str], objectives: Sequence[str]) -> list[str]:
    """``maximize`` or ``minimize`` for each objective."""
    found = [directions] * len(objectives) if isinstance(directions, str) else list(directions)
    if len(found) != len(objectives) or set(found) - {"maximize", "minimize"}:
        raise Mistake(
            f"hydra.sweeper.directions={directions}: wanted maximize or minimize, one for all or one for each of "
            f"{len(objectives)} objectives"
        )
    return found


def values(run: RunFolder, objectives: Sequence[str]) -> list[float]:
    """The objectives of a finished run, as its metrics.json has them."""
    metrics: Mapping[str, Any] = run.read_json("metrics.json")
    found = []
    for objective in objectives:
        part, _, name = objective.partition("/")
        if name not in metrics.get(part, {}):
            import difflib

            every = [f"{p}/{n}" for p in ("val", "test") for n in metrics.get(p, {})]
            near = ", ".join(difflib.get_close_matches(objective, every, n=3))
            raise Mistake(f"hydra.sweeper.objectives: {run.path} has no value '{objective}'. Near to it: {near}")
        found.append(float(metrics[part][name]))
    return found
