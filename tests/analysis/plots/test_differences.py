"""Differences with confidence intervals: each configuration against a baseline, as a forest plot."""

from __future__ import annotations

import re

import pytest

from ltgnn.analysis.intervals import difference_intervals
from ltgnn.analysis.plots import differences
from ltgnn.analysis.rows import Row
from ltgnn.types import UserError
from tests.analysis.made import NAMES


def test_intervals_are_those_of_the_claim(rows: list[Row]) -> None:
    base = differences.find_baseline(rows, "fusion=id")
    figure = differences.draw(rows, base, draws=200)
    others = [row for row in rows if row is not base]
    for panel, group in zip(figure.axes, ("all", "head", "tail"), strict=True):
        drawn = [line.get_xdata() for line in panel.lines if len(line.get_xdata()) == 2][1:]
        for (lower, upper), row in zip(drawn, others, strict=True):
            (found,) = difference_intervals(base.side, row.side, [NAMES[group]], 0.95, 200, 0)
            assert lower == pytest.approx(found.interval.lower, abs=1e-3)
            assert upper == pytest.approx(found.interval.upper, abs=1e-3)
    for asked, told in (("fusion=gate", "no configuration has that"), ("loss=bpr", "3 configurations have that"),
                        ("id", "GROUP=OPTION,... wanted"), ("7", "no configuration has that")):  # fmt: skip
        with pytest.raises(UserError, match=re.escape(told)):
            differences.find_baseline(rows, asked)
    assert differences.find_baseline(rows, str(rows[1].number)) is rows[1]
