"""Accuracy against tail, for a sweep of post-hoc adjustments: ``ltgnn pareto DIR``."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from ltgnn.analysis.pareto import read_points
from ltgnn.analysis.plots.sweep_curve import draw_points
from ltgnn.io.terminal import printable_lines
from ltgnn.runs.reading import name_left_out
from ltgnn.types import UserError


def main(argv: Sequence[str]) -> int:
    """``ltgnn pareto DIR``"""
    from ltgnn.config.parser import Parser

    parser = Parser(
        prog="ltgnn pareto",
        description="Accuracy against tail, for a sweep of score adjustments.",
        epilog="example:\n  ltgnn pareto logs/evaluate/multiruns/X",
    )
    parser.add_argument("folder", type=Path, help="folder of a sweep; pareto.png is written there")
    parser.add_argument("-x", default="ndcg@20", help="value on the x axis (default: %(default)s)")
    parser.add_argument("-y", default="items20/tail/ndcg@20", help="value on the y axis (default: %(default)s)")
    given = parser.parse_args(argv)
    points, damaged, about = read_points(given.folder, given.x, given.y)
    if damaged:
        print(printable_lines(name_left_out(damaged)), file=sys.stderr)
    if not points:
        raise UserError(f"no finished run with {given.x} and {given.y} at or below {given.folder}")
    draw_points(points, given.x, given.y, given.folder / "pareto.png", about=about)
    print(given.folder / "pareto.png")
    return 0
