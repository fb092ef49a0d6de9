"""The objectives of a search: their directions, and their values in a finished run."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from ltgnn.config.metric_direction import smaller_in
from ltgnn.runs.folder import RunFolder
from ltgnn.types import UserError

log = logging.getLogger(__name__)


def ways(directions: str | Sequence[str] | None, objectives: Sequence[str], evaluation: Mapping[str, Any]) -> list[str]:
    """``maximize`` or ``minimize`` for each objective; None: as its metric in the group ``eval`` states."""
    preferred = [
        "minimize" if smaller_in(evaluation, name, "hydra.sweeper.objectives") else "maximize" for name in objectives
    ]
    if directions is None:
        return preferred
    found = [directions] * len(objectives) if isinstance(directions, str) else list(directions)
    if len(found) != len(objectives) or set(found) - {"maximize", "minimize"}:
        raise UserError(
            f"hydra.sweeper.directions={directions}: wanted maximize or minimize, one for all or one for each of "
            f"{len(objectives)} objectives; null leaves it to the metrics"
        )
    for name, way, better in zip(objectives, found, preferred, strict=True):
        if way != better:
            log.warning("hydra.sweeper.directions: %s is searched by %s, but its metric states %s", name, way, better)
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
            raise UserError(f"hydra.sweeper.objectives: {run.path} has no value '{objective}'. Did you mean: {near}")
        found.append(float(metrics[part][name]))
    return found
