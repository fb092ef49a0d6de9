"""Head against tail: how good each configuration is for popular and for rare items, as bars side by side."""

from __future__ import annotations

from pathlib import Path

import pytest

from ltgnn.analysis.plots import head_tail
from ltgnn.analysis.plots.figure import save
from ltgnn.analysis.rows import Row
from tests.analysis.made import NAMES
from tests.analysis.plots.plots_case import texts


def test_bars_are_the_means_and_whiskers_the_spread(rows: list[Row]) -> None:
    figure = head_tail.draw(rows)
    for panel, group in zip(figure.axes, ("head", "tail"), strict=True):
        widths = [bar.get_width() for bar in panel.patches]
        assert widths == [row.side.mean(NAMES[group]) for row in rows]
        (whiskers,) = [c for c in panel.collections if len(c.get_segments()) == len(rows)]
        for segment, row in zip(whiskers.get_segments(), rows, strict=True):
            assert (segment[1][0] - segment[0][0]) / 2 == pytest.approx(row.side.sd(NAMES[group]))
    assert "NDCG@20, head" in texts(figure)
    assert "Groups items20, by share of items" in texts(figure)


def test_a_picture_changes_no_setting_of_matplotlib(rows: list[Row], tmp_path: Path) -> None:
    import matplotlib

    before = dict(matplotlib.rcParams)
    save(head_tail.draw(rows), tmp_path / "x.pdf")
    assert dict(matplotlib.rcParams) == before
