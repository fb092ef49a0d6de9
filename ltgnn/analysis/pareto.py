"""What the tail costs: finished runs as points of two values, and the Pareto front among them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ltgnn.analysis.item_groups import rule
from ltgnn.analysis.labels import PLAINLY, differing_keys
from ltgnn.analysis.run_groups import RunGroup, drop_repeated, repetitions
from ltgnn.config.metric_direction import smaller
from ltgnn.runs.reading import read_all, without_damaged
from ltgnn.runs.run import DamagedRun


@dataclass(frozen=True)
class Point:
    """One configuration: what was set, and its two values on the test part, means over seeds."""

    settings: Mapping[str, str]  # override -> value
    x: float
    y: float
    label: str = ""
    spread: tuple[float, float] = (0.0, 0.0)  # standard deviations over seeds
    features: bool | None = None  # whether item features reach the scores; None: not known


def front(points: Sequence[Point], x: str = "", y: str = "") -> list[Point]:
    """The points that no other one beats in both values, by rising x; of equal ones the first.

    ``x``, ``y``: names of the values, of which less is better if their metrics state it.
    """
    ways = tuple(-1 if smaller(name) else 1 for name in (x, y))
    best: list[Point] = []
    for point in sorted(points, key=lambda p: (-ways[0] * p.x, -ways[1] * p.y)):
        if not best or ways[1] * point.y > ways[1] * best[-1].y:
            best.append(point)
    return sorted(best, key=lambda p: p.x)


def read_points(folder: Path, x: str, y: str) -> tuple[list[Point], list[DamagedRun], str]:
    """Configurations at or below ``folder``, means over seeds; what is damaged; the rules of the groups."""
    runs, damaged = read_all([folder])
    there = [run for run in runs if x in run.test and y in run.test]
    parts = without_damaged(there, lambda left: repetitions(drop_repeated(left)[0]), damaged) if there else []
    keys = differing_keys(there) if there else ()
    points = []
    for several in parts:
        side, first = RunGroup(several), several[0]
        settings = {key: first.option(key) for key in keys} | first.changed
        spread = side.sd(x) or 0.0, side.sd(y) or 0.0
        across, up = (float(side.values(name).mean()) for name in (x, y))
        points.append(Point(settings, across, up, "", spread, first.uses_features))
    swept = swept_keys(points)
    points = [replace(point, label=name_settings(point.settings, swept)) for point in points]
    policies = dict.fromkeys(name.removeprefix("val/").split("/")[0] for name in (x, y) if "/" in name)
    return points, damaged, "\n".join(f"groups {rule(there, policy)}" for policy in policies)


def name_settings(settings: Mapping[str, str], swept: Sequence[str]) -> str:
    """``lightgcn sum lr=0.01``: the options of a point that differ among the points."""
    said = {key: word for key in swept if (word := settings.get(key, "-")) not in ("-", "None")}
    keys = {key: key.rpartition(".adjustments.")[2] for key in said}
    return " ".join(word if key in PLAINLY else f"{keys[key]}={word}" for key, word in said.items())


def swept_keys(points: Sequence[Point]) -> list[str]:
    """Keys whose values differ among the points."""
    keys = {key: None for point in points for key in point.settings}
    return [key for key in keys if len({point.settings.get(key) for point in points}) > 1]


def lines(points: Sequence[Point], swept: Sequence[str]) -> list[list[Point]]:
    """Points that differ only in one numeric key, the one with the most values, in ascending order."""
    numeric = [key for key in swept if all(_number(p.settings.get(key)) is not None for p in points)]
    if not numeric:
        return []
    along = max(numeric, key=lambda key: len({point.settings[key] for point in points}))
    found: dict[tuple[str | None, ...], list[Point]] = {}
    for point in points:
        found.setdefault(tuple(point.settings.get(key) for key in swept if key != along), []).append(point)
    return [sorted(line, key=lambda p: _number(p.settings[along]) or 0.0) for line in found.values()]


def _number(text: str | None) -> float | None:
    try:
        return None if text is None else float(text)
    except ValueError:
        return None
