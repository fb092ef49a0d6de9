"""Quality by item popularity, and how the recommendations are spread over popular and rare items."""

from __future__ import annotations

import pytest

from ltgnn.analysis.plots import popularity
from ltgnn.analysis.rows import Row
from tests.analysis.made import NAMES


def test_quality_by_group_and_exposure(rows: list[Row]) -> None:
    left, right = popularity.draw(rows).axes
    for line, row in zip(left.lines, rows, strict=True):
        assert list(line.get_ydata()) == [row.side.mean(NAMES[group]) for group in ("head", "tail")]
    shares = right.lines[0]
    at = {round(x): y for x, y in zip(shares.get_xdata(), shares.get_ydata(), strict=True)}
    assert at[20] == pytest.approx(50)  # two of the four items in every list
    assert at[40] == pytest.approx(100)
