"""Learning curves: a value of history.csv over the epochs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ltgnn.analysis.plots.figure import footnote, line_look, new_figure, style, value_title, wrap
from ltgnn.analysis.rows import Row
from ltgnn.runs.history import read_history
from ltgnn.types import UserError

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def draw(rows: Sequence[Row], name: str = "val/ndcg@20") -> Figure:
    """A line for each row, the mean over its seeds, with a band from the smallest to the largest of them.

    A dot marks the epoch of the best mean, or for a loss of the smallest. ``UserError`` where no run has the column.
    """
    curves = [(row, points) for row in rows if (points := _points(row, name))]
    if not curves:
        known = sorted({key for row in rows for run in row.runs for epoch in read_history(run)[:1] for key in epoch})
        reason = f"; there are {', '.join(known[:8])} ..." if known else ": closed forms are not trained in epochs"
        raise UserError(f"no history.csv of these runs has the column '{name}'{reason}")
    from matplotlib.ticker import MaxNLocator

    with style():
        figure = new_figure(8.5, 4.8)
        panel = figure.subplots()
        for number, (row, points) in enumerate(curves):
            look = line_look(number)
            epochs = [epoch for epoch, _ in points]
            means = [float(np.mean(values)) for _, values in points]
            panel.plot(epochs, means, label=wrap(row.label, 40), linewidth=1.6, markersize=4, **look,
                       markevery=max(1, len(epochs) // 12))  # fmt: skip
            if len(row.runs) > 1:
                lowest, highest = ([float(end(values)) for _, values in points] for end in (np.min, np.max))
                panel.fill_between(epochs, lowest, highest, color=look["color"], alpha=0.15, linewidth=0)
        title = value_title(name) if "/" in name and not name.startswith("train/") else name
        panel.set(xlabel="epoch", ylabel=title.replace("train/", "train "))
        panel.xaxis.set_major_locator(MaxNLocator(integer=True))
        _legend(figure, len(curves))
        several = any(len(row.runs) > 1 for row, _ in curves)
        footnote(figure, "Mean over the seeds of a configuration; the band reaches from the smallest to the largest."
                 if several else "One run of each configuration.")  # fmt: skip
    return figure


def _points(row: Row, name: str) -> list[tuple[int, list[float]]]:
    """(epoch, the values of the seeds that reached it)"""
    found: dict[int, list[float]] = {}
    for run in row.runs:
        for epoch in read_history(run):
            if name in epoch:
                found.setdefault(int(epoch["epoch"]), []).append(epoch[name])
    return sorted(found.items())


def _legend(figure: Figure, lines: int) -> None:
    if lines > 1:
        figure.legend(loc="outside right upper", fontsize=8)
    else:
        figure.legend(loc="outside upper left", fontsize=8)
