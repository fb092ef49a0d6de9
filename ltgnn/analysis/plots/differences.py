"""Differences with confidence intervals: each configuration against a baseline, as a forest plot."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

from annotated_types import Gt, Lt

from ltgnn.analysis import item_groups
from ltgnn.analysis.claim_rule import GROUPS
from ltgnn.analysis.intervals import DifferenceInterval, difference_intervals
from ltgnn.analysis.plots.figure import COLOURS, MARKERS, footnote, new_figure, style, value_title, wrap
from ltgnn.analysis.rows import Row
from ltgnn.config.metric_direction import smaller
from ltgnn.config.wrong_arguments import refuse_wrong_arguments
from ltgnn.types import UserError

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def draw(
    rows: Sequence[Row],
    baseline: Row,
    metric: str = "ndcg@20",
    policy: str | None = None,
    level: Annotated[float, Gt(0), Lt(1)] = 0.95,
    draws: int = 2_000,
) -> Figure:
    """A panel each for all items, head and tail; a line for each row except ``baseline``: difference and interval.

    The intervals are those of ``ltgnn claim``: over users, and over seeds where there are several. ``UserError`` where
    nothing can be compared with the baseline.
    """
    refuse_wrong_arguments(draw, level=level)
    runs = [run for row in rows for run in row.runs]
    policy = item_groups.policy_of(runs, policy)
    names = [metric if group == "all" else f"{policy}/{group}/{metric}" for group in GROUPS]
    others = [row for row in rows if row.done and row is not baseline]
    if not others:
        raise UserError("there is nothing but the baseline: give more runs")
    found = [difference_intervals(baseline.side, row.side, names, level, draws, seed=0) for row in others]
    labels = [wrap(row.label) for row in others]
    lines = sum(label.count("\n") + 1 for label in labels)
    with style():
        figure = new_figure(10, 1.9 + max(0.36 * len(others), 0.2 * lines))
        panels = figure.subplots(1, len(GROUPS), sharey=True)
        for column, (panel, name) in enumerate(zip(panels, names, strict=True)):
            panel.axvline(0, color="0.3", linewidth=1)
            for place, intervals in enumerate(found):
                _draw_interval(panel, place, intervals[column], smaller(metric))
            panel.set(xlabel=f"difference in\n{value_title(name)}", yticks=range(len(others)))
            panel.grid(axis="y", visible=False)
            panel.tick_params(axis="y", length=0)
            panel.tick_params(axis="x", labelsize=8)
            panel.locator_params(axis="x", nbins=4)
            panel.spines["left"].set_visible(False)
            panel.margins(y=0.5 / (len(others) + 1))
        panels[0].set_yticklabels(labels)
        panels[0].invert_yaxis()
        figure.suptitle(wrap(f"Difference to {baseline.label}", 90), fontsize=11)
        footnote(figure, f"Test part; {100 * level:g} % confidence intervals over users and seeds. Circle: better, "
                         f"square: worse, hollow diamond: the interval holds 0. Groups "
                         f"{item_groups.rule(runs, policy)}.")  # fmt: skip
    return figure


def _draw_interval(panel: object, place: int, found: DifferenceInterval, less: bool) -> None:
    from matplotlib.axes import Axes

    assert isinstance(panel, Axes)
    i = found.interval
    sign = 0 if i.lower <= 0 <= i.upper else 1 if (i.estimate > 0) != less else -1
    colour = {1: COLOURS[2], -1: COLOURS[1], 0: "0.45"}[sign]
    marker = {1: MARKERS[0], -1: MARKERS[1], 0: "D"}[sign]
    panel.plot([i.lower, i.upper], [place, place], color=colour, linewidth=1.8, solid_capstyle="butt")
    panel.plot([i.estimate], [place], marker=marker, color=colour, markersize=6.5,
               markerfacecolor=colour if sign else "white")  # fmt: skip


def find_baseline(rows: Sequence[Row], asked: str) -> Row:
    """The one row whose options are those of ``asked`` (``fusion=id,features=none``); ``UserError`` for none or more.

    The number of a row in ``ltgnn table`` does, too.
    """
    done = [row for row in rows if row.done]
    if asked.isdecimal():
        fits = [row for row in done if row.number == int(asked)]
    else:
        pairs = [part.strip().partition("=") for part in asked.split(",") if part.strip()]
        if not pairs or not all(sign for _, sign, _ in pairs):
            raise UserError(f"--baseline {asked}: GROUP=OPTION,... wanted, such as fusion=id, or the number of a row")
        fits = [row for row in done if all(row.first.option(key) == word for key, _, word in pairs)]
    if len(fits) != 1:
        listed = "\n".join(f"  {row.number} {row.label}" for row in (fits or done))
        problem = f"{len(fits)} configurations have that" if fits else "no configuration has that; there are"
        raise UserError(f"--baseline {asked}: {problem}:\n{listed}\nGive its number, or options that only it has.")
    return fits[0]
