"""Which way a value is better: its metric states it (``types.Metric``); asked wherever a value chooses something."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

from ltgnn.types import Metric, UserError

SECTIONS = ("metrics", "ranks", "lists", "exposure")
"""Parts of the group ``eval`` that name metrics."""

COUNTS = {"users": False, "not_scorable": True}
"""Values that no metric gives: whether less of them is better."""

RECORD = "smaller_is_better"
"""Where metrics.json names the metrics of a run of which less is better."""

BEFORE = frozenset({"arp", "gini", "lift", "miscalibration", "preo", "prsp", "pru", "ties", "not_scorable"})
"""Those of runs that have no such record, and of lists of other libraries: the metrics of ``conf/eval``."""


def smaller(value: str, recorded: Iterable[str] | None = None) -> bool:
    """Whether less of a value such as ``val/arp@20`` is better, by the names of metrics that a run has ``recorded``."""
    return metric_of(value) in (BEFORE if recorded is None else set(recorded))


def metric_of(value: str) -> str:
    """``ndcg`` of ``val/items20/tail/ndcg@20``."""
    return value.rpartition("/")[2].partition("@")[0]


def named_smaller(parts: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Names of the metrics of which less is better, of functions by name in each part of an evaluator."""
    found = {name for part in parts.values() for name, metric in part.items() if _is_stated(metric)}
    return sorted(found | {name for name, less in COUNTS.items() if less})


def smaller_in(evaluation: Mapping[str, Any], value: str, option: str = "monitor") -> bool:
    """Whether less of ``value`` is better, by the group ``eval`` of a config; ``UserError`` for a metric that it lacks.

    A mixture of values is better the way all its parts are: those with a negative weight count the other way round.
    """
    from hydra.utils import get_object

    name = value.partition("/")[2] if value.startswith(("val/", "test/")) else value
    mixtures = evaluation.get("mixtures") or {}
    if name in mixtures:
        return mixed_direction(name, mixtures[name], lambda part: smaller_in(evaluation, part, f"eval.mixtures.{name}"))
    known = {metric: part for key in SECTIONS for metric, part in (evaluation.get(key) or {}).items()}
    metric = metric_of(name)
    if metric in known:
        target = known[metric].get("_target_")
        return bool(target) and _is_stated(get_object(target))
    if metric not in COUNTS and known:
        length = "@" + name.rpartition("@")[2] if "@" in name else ""
        near = [
            m if m in mixtures else m + length for m in difflib.get_close_matches(metric, [*known, *mixtures], 3, 0.3)
        ]
        raise UserError(
            f"{option}={value}: unknown metric '{metric}'. Did you mean: {', '.join(near) or ', '.join(known)}. "
            "Wanted PART/[POLICY/GROUP/]METRIC@K, such as val/ndcg@20, of a metric that eval has."
        )
    return COUNTS.get(metric, False)


def mixed_direction(name: str, weights: Mapping[str, float], less: Callable[[str], bool]) -> bool:
    """The direction of a weighted sum of values, whose directions ``less`` gives."""
    ways = {less(part) != (weight < 0) for part, weight in weights.items()}
    if len(ways) > 1:
        raise UserError(
            f"eval.mixtures.{name} adds values of which more is better to values of which less is: give the latter a "
            "negative weight."
        )
    return ways == {True}


def _is_stated(metric: Any) -> bool:
    function = metric.func if isinstance(metric, partial) else metric
    return isinstance(function, Metric) and function.smaller_is_better
