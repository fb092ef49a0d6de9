"""The picture of a folder of runs, accuracy against tail: of ``ltgnn pareto``, and at the end of a sweep."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hydra.experimental.callback import Callback
from omegaconf import DictConfig

from ltgnn.analysis.pareto import Point, lines, read_points, swept_keys
from ltgnn.analysis.plots.figure import save
from ltgnn.analysis.plots.pareto import NAMED, draw

log = logging.getLogger(__name__)


def draw_points(
    points: Sequence[Point], x: str, y: str, file: Path, best: Sequence[Point] | None = None, about: str = ""
) -> None:
    """Writes the picture; few points that differ only in one number are joined by a thin line."""
    joined = lines(points, swept_keys(points)) if len(points) <= NAMED else []
    save(draw(points, x, y, best, joined, about), file)


class SweepCurve(Callback):
    """Draws ``pareto.png`` into the folder of a sweep of score adjustments when it ends."""

    def __init__(self, head: str, tail: str) -> None:
        self.x, self.y = head, tail

    def on_multirun_end(self, config: DictConfig, **kwargs: Any) -> None:
        folder = Path(config.hydra.sweep.dir)
        points, _, about = read_points(folder, self.x, self.y)
        if len(points) > 1:
            draw_points(points, self.x, self.y, folder / "pareto.png", about=about)
            log.info("accuracy against tail: %s", folder / "pareto.png")
