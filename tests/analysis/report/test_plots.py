"""Plots as numbers for the template: positions on a fixed canvas, texts for tooltips and screen readers."""

from __future__ import annotations

from ltgnn.analysis.report.plots import Axis, Mark, number_marks, round_up_step


def test_scales() -> None:
    assert [round_up_step(x) for x in (0.011, 0.02, 0.3, 7)] == [0.02, 0.02, 0.5, 10]
    axis = Axis("", 0, 1, 100, 0)
    assert axis.at(0.25) == 75
    assert [text for _, text in axis.ticks] == ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]


def test_numbers_of_marks_do_not_lie_over_each_other() -> None:
    marks = [Mark(10, 10, 0, "", True, False), Mark(15, 12, 1, "", True, True), Mark(10, 40, 2, "", True, False)]
    assert [mark.numbered for mark in number_marks(marks)] == [False, True, True]  # that on the front comes first
