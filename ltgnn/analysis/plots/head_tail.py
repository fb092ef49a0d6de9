"""Head against tail: how good each configuration is for popular and for rare items, as bars side by side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ltgnn.analysis import item_groups
from ltgnn.analysis.plots.figure import COLOURS, footnote, new_figure, style, value_title, wrap
from ltgnn.analysis.rows import Row, short
from ltgnn.types import UserError

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def draw(rows: Sequence[Row], metric: str = "ndcg@20", policy: str | None = None) -> Figure:
    """A panel for each of the groups head and tail of ``policy``, a bar for each row, the best of a panel dark.

    Whiskers are the standard deviation over seeds. ``UserError`` where no row has the value.
    """
    runs = [run for row in rows for run in row.runs]
    policy = item_groups.policy_of(runs, policy)
    names = [f"{policy}/{group}/{metric}" for group in ("head", "tail")]
    shown = [row for row in rows if row.done and any(row.side.mean(name) is not None for name in names)]
    if not shown:
        raise UserError(f"no finished run has {' or '.join(names)}: set --metric or --policy")
    labels = [wrap(row.label) for row in shown]
    lines = sum(label.count("\n") + 1 for label in labels)
    with style():
        figure = new_figure(9, 1.6 + max(0.34 * len(shown), 0.2 * lines))
        panels = figure.subplots(1, 2, sharey=True, gridspec_kw={"wspace": 0.08})
        for panel, name, colour in zip(panels, names, (COLOURS[0], COLOURS[1]), strict=True):
            means = [row.side.mean(name) for row in shown]
            values = [0.0 if mean is None else mean for mean in means]
            spreads = [row.side.sd(name) or 0.0 if mean is not None else 0.0
                       for row, mean in zip(shown, means, strict=True)]  # fmt: skip
            less = any(row.side.smaller(name) for row in shown)
            best = (min if less else max)((mean for mean in means if mean is not None), default=None)
            bars = panel.barh(range(len(shown)), values, color=colour, height=0.62)
            for bar, mean in zip(bars, means, strict=True):
                bar.set_alpha(1.0 if mean == best else 0.55)
            if any(spreads):
                panel.errorbar(values, range(len(shown)), xerr=spreads, fmt="none", ecolor="0.15", elinewidth=1)
            end = max(value + spread for value, spread in zip(values, spreads, strict=True)) or 1.0
            for place, (row, value, spread) in enumerate(zip(shown, values, spreads, strict=True)):
                cell = row.cell(name).partition(" ±")[0] if means[place] is not None else "no value"
                text = cell if cell == "not scorable" or means[place] is None else short(value)
                weight = "bold" if means[place] == best else "normal"
                panel.annotate(text, (value + spread, place), xytext=(5, 0), textcoords="offset points",
                               va="center", fontsize=8, fontweight=weight)  # fmt: skip
            panel.set(xlim=(0, 1.22 * end), xlabel=value_title(name), yticks=range(len(shown)))
            panel.grid(axis="y", visible=False)
            panel.spines["left"].set_visible(False)
            panel.tick_params(axis="y", length=0)
        panels[0].set_yticklabels(labels)
        panels[0].invert_yaxis()
        figure.suptitle("Popular items (head) and rare items (tail)", fontsize=11)
        several = "; whiskers: standard deviation over seeds" if any(len(row.runs) > 1 for row in shown) else ""
        footnote(
            figure, f"Test part. Groups {item_groups.rule(runs, policy)}. The best of each panel is dark{several}."
        )
    return figure
