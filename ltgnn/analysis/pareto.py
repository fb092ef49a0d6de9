"""What the tail costs: the curve of one model over a score adjustment, or of many runs, drawn with its Pareto front."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hydra.experimental.callback import Callback
from omegaconf import DictConfig

from ltgnn.analysis.item_groups import rule
from ltgnn.analysis.labels import axes_of
from ltgnn.analysis.run_groups import RunGroup, drop_repeated, repetitions
from ltgnn.config.metric_direction import smaller
from ltgnn.io.atomic_write import replace_atomically
from ltgnn.io.terminal import printable
from ltgnn.runs.reading import read_all, without_damaged
from ltgnn.runs.run import DamagedRun

PARTS = ("val/", "test/")
"""Prefixes of a name that includes its part."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Point:
    """One finished run: what was set, and its two values on the test part."""

    settings: Mapping[str, str]  # override -> value
    x: float
    y: float


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
    axes = axes_of(there) if there else ()
    points = []
    for several in parts:
        side, first = RunGroup(several), several[0]
        settings = {axis: first.word(axis) for axis in axes} | first.changed
        points.append(Point(settings, float(side.values(x).mean()), float(side.values(y).mean())))
    policies = dict.fromkeys(name.removeprefix("val/").split("/")[0] for name in (x, y) if "/" in name)
    return points, damaged, "\n".join(f"groups {rule(there, policy)}" for policy in policies)


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


NAMED = 12
"""Points up to which each is labelled; of more only those of the front, or labels would overlap."""


def draw(
    points: Sequence[Point], x: str, y: str, file: Path, best: Sequence[Point] | None = None, about: str = ""
) -> None:
    """A PNG: every point, a line along a numeric key, the Pareto front marked and labelled.

    ``best``: the front; None: by the directions of the two values.
    """
    import matplotlib

    matplotlib.use("agg")
    from matplotlib import pyplot as plt

    swept = swept_keys(points)
    figure, axes = plt.subplots(figsize=(6.4, 4.8), layout="constrained")
    best = front(points, x, y) if best is None else best
    for line in lines(points, swept) if len(points) <= NAMED else []:
        axes.plot([p.x for p in line], [p.y for p in line], color="0.7", linewidth=1, zorder=1)
    axes.scatter([p.x for p in points], [p.y for p in points], color="tab:blue", zorder=2)
    axes.scatter([p.x for p in best], [p.y for p in best], facecolors="none", edgecolors="tab:red", s=110, zorder=3)
    middle = (min(p.x for p in points) + max(p.x for p in points)) / 2
    for number, point in enumerate(points if len(points) <= NAMED else best):
        label = escape_text(", ".join(point.settings.get(key, "-") for key in swept))
        left = point.x > middle  # labels stay inside, and do not overlap
        place = (-8 if left else 8, 5 if number % 2 else -11)
        side = "right" if left else "left"
        axes.annotate(
            label, (point.x, point.y), textcoords="offset points", xytext=place, ha=side, fontsize=8, zorder=4
        )
    axes.margins(0.12)  # room for the labels of the outermost points
    axes.set_xlabel(x if x.startswith(PARTS) else f"{x} (test)")
    axes.set_ylabel(y if y.startswith(PARTS) else f"{y} (test)")
    named = "at each point" if len(points) <= NAMED else "at each circle"
    words = f"{named}: {', '.join(key.rpartition('.adjustments.')[2] for key in swept)}; " if swept else ""
    axes.set_title(escape_text(f"{words}circled: Pareto front"), fontsize=10)
    if about:
        figure.supxlabel(escape_text(about), fontsize=6)
    axes.grid(alpha=0.3)
    with replace_atomically(file, "--out") as temporary:
        figure.savefig(temporary, dpi=130)
    plt.close(figure)


def escape_text(text: str) -> str:
    """Text that comes from data, as matplotlib takes it for text rather than for a formula."""
    return "\n".join(map(printable, text.split("\n"))).replace("$", r"\$")


def _number(text: str | None) -> float | None:
    try:
        return None if text is None else float(text)
    except ValueError:
        return None


class SweepCurve(Callback):
    """Draws ``pareto.png`` into the folder of a sweep of score adjustments when it ends."""

    def __init__(self, head: str, tail: str) -> None:
        self.x, self.y = head, tail

    def on_multirun_end(self, config: DictConfig, **kwargs: Any) -> None:
        folder = Path(config.hydra.sweep.dir)
        points, _, about = read_points(folder, self.x, self.y)
        if len(points) > 1:
            draw(points, self.x, self.y, folder / "pareto.png", about=about)
            log.info("accuracy against tail: %s", folder / "pareto.png")
