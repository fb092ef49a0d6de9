"""Configurations side by side: ``ltgnn table DIR ...``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ltgnn.analysis.table import show


def main(argv: Sequence[str]) -> int:
    """``ltgnn table DIR ...``"""
    from ltgnn.config.parser import Parser

    parser = Parser(
        prog="ltgnn table",
        description="Configurations side by side, each with the mean and spread over its seeds. "
        "Example: ltgnn table logs/train/multiruns/*",
    )
    parser.add_argument("folders", nargs="+", type=Path, help="folders of runs or of sweeps")
    parser.add_argument("--policy", help="groups of items, such as mass (default: items20)")
    parser.add_argument("--runs", action="store_true", help="a row for each run, no means over seeds")
    given = parser.parse_args(argv)
    return 1 if show(given.folders, given.policy, given.runs) else 0
