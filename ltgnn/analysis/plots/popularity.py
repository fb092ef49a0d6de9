"""Quality by item popularity, and how the recommendations are spread over popular and rare items."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ltgnn.analysis import item_groups
from ltgnn.analysis.plots.figure import footnote, line_look, new_figure, style, value_title, wrap
from ltgnn.analysis.rows import Row
from ltgnn.runs.exposure import Exposure, exposure
from ltgnn.types import UserError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def draw(rows: Sequence[Row], metric: str = "ndcg@20", policy: str | None = None) -> Figure:
    """On the left the value of each group of ``policy``, from the most popular items to the rarest; on the right the
    share of the recommendations that the most popular items get, beside their share of the train interactions.

    Runs evaluated with ``groups=all`` have ten groups (policy ``deciles``). ``UserError`` where no row has values by
    group.
    """
    runs = [run for row in rows for run in row.runs]
    policy = item_groups.policy_of(runs, policy)
    sizes = item_groups.card(runs, policy)["sizes"]
    shown = [row for row in rows if row.done and _values(row, policy, list(sizes), metric)]
    if not shown:
        raise UserError(f"no finished run has {policy}/GROUP/{metric}: set --metric or --policy")
    groups = [g for g in sizes if any(g in _values(row, policy, list(sizes), metric) for row in shown)]
    with style():
        figure = new_figure(13, 1.6 + max(3.4, 0.36 * len(shown)))
        left, right = figure.subplots(1, 2, width_ratios=(1, 1))
        curves = [exposure(row.first.folder, item_groups.list_length(runs)) for row in shown]
        for number, (row, curve) in enumerate(zip(shown, curves, strict=True)):
            look, values = line_look(number), _values(row, policy, groups, metric)
            left.plot([groups.index(g) for g in values], list(values.values()), label=wrap(row.label, 40),
                      markersize=5, linewidth=1.6, **look)  # fmt: skip
            if curve is not None:
                right.plot(100 * curve.items, 100 * curve.lists, linewidth=1.6, markersize=4,
                           markevery=(number % 8 + 4, 16), **look)  # fmt: skip
        left.set(xlabel="items, the most popular first", ylabel=value_title(metric), xticks=range(len(groups)), ylim=0)
        names = [f"{group}\n{sizes[group]:,} items" if isinstance(sizes[group], int) else group for group in groups]
        left.set_xticklabels(names if len(groups) < 6 else groups, fontsize=8, rotation=0 if len(groups) < 6 else 45)
        left.margins(x=0.08)
        left.set_title("How well items are found", fontsize=10)
        _exposure(right, next((curve for curve in curves if curve is not None), None))
        handles = [*left.get_legend_handles_labels()[0], *right.get_legend_handles_labels()[0]]
        figure.legend(handles=handles, loc="outside right upper", fontsize=8)
        footnote(figure, f"Test part, means over seeds; lists of the first seed. Groups "
                         f"{item_groups.rule(runs, policy)}.")  # fmt: skip
    return figure


def _values(row: Row, policy: str, groups: Sequence[str], metric: str) -> dict[str, float]:
    """Group -> mean over seeds, of the groups that the model can score."""
    names = {group: f"{policy}/{group}/{metric}" for group in groups}
    known = {group: row.side.mean(name) for group, name in names.items()}
    unknown = {g for g, name in names.items() if all(item_groups.not_scorable(run, name) for run in row.runs)}
    return {group: mean for group, mean in known.items() if mean is not None and group not in unknown}


def _exposure(panel: Axes, curve: Exposure | None) -> None:
    """The reference curve and the names of the axes; a word where no run has kept its lists."""
    panel.set_title("Which items are recommended", fontsize=10)
    if curve is None:
        panel.text(0.5, 0.5, "these runs have kept no lists", ha="center", transform=panel.transAxes)
        return
    panel.plot(100 * curve.items, 100 * curve.train, color="0.45", linestyle=":", linewidth=1.8,
               label="for comparison (right):\nshare of the train interactions")  # fmt: skip
    panel.set(xlabel="items, the most popular first (%)", ylabel="share of the recommendations (%)",
              xlim=(0, 100), ylim=(0, 102))  # fmt: skip
