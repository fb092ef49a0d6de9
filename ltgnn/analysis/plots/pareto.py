"""Accuracy against tail: each configuration a point, the Pareto front as a line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ltgnn.analysis.pareto import Point, front
from ltgnn.analysis.plots.figure import COLOURS, footnote, name_points, new_figure, style, value_title, wrap
from ltgnn.analysis.rows import Row
from ltgnn.types import UserError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

NAMED = 16
"""Points up to which each is named; of more only those of the front: the others would lie over each other."""


def points_of(rows: Sequence[Row], x: str, y: str) -> list[Point]:
    """A point for each row that has both values, means over its seeds."""
    found = []
    for row in rows:
        if row.done and (a := row.side.mean(x)) is not None and (b := row.side.mean(y)) is not None:
            spread = row.side.sd(x) or 0.0, row.side.sd(y) or 0.0
            found.append(Point({}, a, b, row.label, spread, row.first.uses_features))
    return found


def draw(
    points: Sequence[Point],
    x: str = "ndcg@20",
    y: str = "items20/tail/ndcg@20",
    best: Sequence[Point] | None = None,
    lines: Sequence[Sequence[Point]] = (),
    about: str = "",
) -> Figure:
    """Points by the values ``x`` and ``y``, the Pareto front as a step line, names beside the points.

    ``best``: the front; None: by the directions of the two values. ``lines``: points that belong together, such as
    those of one adjustment with several weights. ``about``: a line below. ``UserError`` without a point.
    """
    if not points:
        raise UserError(f"no finished run has both {x} and {y}: set -x and -y")
    best = front(points, x, y) if best is None else best
    beside = {id(point) for point in best}
    with style():
        figure = new_figure(8.5, 5.6)
        panel = figure.subplots()
        for line in lines:
            panel.plot([p.x for p in line], [p.y for p in line], color="0.75", linewidth=1, zorder=1)
        if len(best) > 1:
            panel.plot([p.x for p in best], [p.y for p in best], color="0.25", linestyle="--", linewidth=1.2, zorder=2,
                       label="Pareto front: no other is better in both")  # fmt: skip
        kinds = {True: ("s", "with item features"), False: ("o", "without item features"), None: ("o", "")}
        for uses, (marker, words) in kinds.items():
            there = [p for p in points if p.features is uses]
            for on, colour in ((True, COLOURS[1]), (False, COLOURS[0])):
                some = [p for p in there if (id(p) in beside) is on]
                if not some:
                    continue
                label = f"{words}, on the front" if on and words else words or ("on the front" if on else "others")
                spread = [[p.spread[way] for p in some] for way in (0, 1)]
                if any(map(any, spread)):
                    panel.errorbar([p.x for p in some], [p.y for p in some], xerr=spread[0], yerr=spread[1],
                                   fmt="none", ecolor="0.6", elinewidth=0.8, zorder=2)  # fmt: skip
                panel.scatter([p.x for p in some], [p.y for p in some], marker=marker, s=46, zorder=3, label=label,
                              facecolors=colour if on else "white", edgecolors=colour, linewidths=1.4)  # fmt: skip
        panel.margins(0.16)
        panel.set(xlabel=value_title(x), ylabel=value_title(y))
        _leave_out_negative_ticks(panel, points)
        figure.legend(loc="outside upper left", ncols=3, fontsize=8)
        shown = points if len(points) <= NAMED else best
        unnamed = "" if len(points) <= NAMED else f"Only the {len(best)} of the front are named, of {len(points)}. "
        spread_words = "Whiskers: standard deviation over seeds. " if any(any(p.spread) for p in points) else ""
        footnote(figure, f"Test part. {spread_words}{unnamed}{about}")
        _name(figure, panel, shown)
    return figure


def _leave_out_negative_ticks(panel: Axes, points: Sequence[Point]) -> None:
    """The margin below a value of 0 has no number: there is no such value."""
    for axis, values in ((panel.xaxis, [p.x for p in points]), (panel.yaxis, [p.y for p in points])):
        if min(values) >= 0:
            low, high = axis.get_view_interval()
            axis.set_ticks([tick for tick in axis.get_ticklocs() if max(0.0, low) <= tick <= high])


def _name(figure: Figure, panel: Axes, shown: Sequence[Point]) -> None:
    """Names beside the points; where they would lie over each other numbers, explained on the right."""
    from matplotlib.lines import Line2D

    places = [(point.x, point.y) for point in shown]
    figure.canvas.draw()  # the layout is known afterwards
    if name_points(figure, panel, places, [wrap(point.label, 30) for point in shown]):
        figure.set_layout_engine("none")
        return
    wide = "\N{FIGURE SPACE}"  # as wide as a digit
    names = [wrap(point.label, 40).replace("\n", f"\n{4 * wide}") for point in shown]
    numbered = [f"{n}{wide * (4 - len(str(n)))}{name}" for n, name in enumerate(names, 1)]
    handles = [Line2D([], [], linestyle="none", label=line) for line in numbered]
    panel.legend(handles=handles, loc="center left", bbox_to_anchor=(1.0, 0.5), fontsize=8, handlelength=0,
                 handletextpad=0)  # fmt: skip
    figure.set_figwidth(figure.get_figwidth() + 3)
    figure.canvas.draw()
    name_points(figure, panel, places, [str(number) for number in range(1, len(shown) + 1)], most=1.0)
    figure.set_layout_engine("none")
