"""Accuracy against tail: each configuration a point, the Pareto front as a line."""

from __future__ import annotations

import re

from ltgnn.analysis.plots import pareto
from ltgnn.analysis.rows import Row
from tests.analysis.made import METRIC, NAMES
from tests.analysis.plots.plots_case import texts


def test_the_front_and_the_names_of_all_points(rows: list[Row]) -> None:
    points = pareto.points_of(rows, METRIC, NAMES["tail"])
    figure = pareto.draw(points, METRIC, NAMES["tail"])
    line = next(line for line in figure.axes[0].lines if line.get_linestyle() == "--")
    best = [p for p in points if not any(q.x >= p.x and q.y >= p.y and q is not p for q in points)]
    assert sorted(line.get_xdata()) == sorted(p.x for p in best)
    for row in rows:
        assert row.label.replace("$", r"\$") in texts(figure)


def test_many_points_in_one_place_get_numbers_with_a_list(rows: list[Row]) -> None:
    long = [pareto.Point({}, 0.3 + 1e-5 * n, 0.1, f"a name that is far too long number {n}") for n in range(12)]
    figure = pareto.draw([*long, pareto.Point({}, 0.9, 0.9, "far")])
    said = texts(figure)
    assert all(re.search(rf"(?m)^{n}$", said) for n in range(1, 14))
    assert "1\N{FIGURE SPACE}\N{FIGURE SPACE}\N{FIGURE SPACE}a name that is far" in said


def test_no_tick_below_0_where_no_value_is() -> None:
    points = [pareto.Point({}, 0.5, 0.0, "none"), pareto.Point({}, 0.1, 0.2, "some")]
    panel = pareto.draw(points).axes[0]
    assert panel.get_ylim()[0] < 0
    assert min(panel.get_yticks()) == 0
    below = [pareto.Point({}, 0.5, -0.1, "less"), pareto.Point({}, 0.1, 0.2, "some")]
    assert min(pareto.draw(below).axes[0].get_yticks()) < 0
