"""Learning curves: a value of history.csv over the epochs."""

from __future__ import annotations

import pytest

from ltgnn.analysis.plots import learning
from ltgnn.analysis.rows import Row
from ltgnn.types import UserError


def test_a_curve_is_the_mean_over_seeds(rows: list[Row]) -> None:
    figure = learning.draw(rows)
    for line in figure.axes[0].lines:
        assert list(line.get_xdata()) == [1, 2, 3]
        assert list(line.get_ydata()) == pytest.approx([0.115, 0.215, 0.315])
    with pytest.raises(UserError, match="has the column 'val/mrr@20'; there are epoch, seconds, train/loss"):
        learning.draw(rows, "val/mrr@20")
