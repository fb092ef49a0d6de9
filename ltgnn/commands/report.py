"""``ltgnn report DIR ...``: one HTML file about many runs, to be read anywhere."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path


def main(argv: Sequence[str]) -> int:
    """Writes the page and prints its place."""
    from ltgnn.analysis.report.gather import arrange, read_runs
    from ltgnn.analysis.report.page import render
    from ltgnn.config.parser import Parser
    from ltgnn.config.paths import write_whole
    from ltgnn.io.terminal import printable_lines
    from ltgnn.runs.reading import name_left_out, without_damaged
    from ltgnn.types import UserError

    parser = Parser(
        prog="ltgnn report",
        description="One self-contained HTML file: answer, leaderboard, Pareto front, groups, exposure, training "
        "curves, users, cards, commands. It needs no network and no server.",
        epilog="example:\n  ltgnn report logs/train/multiruns/X --out report.html",
    )
    parser.add_argument("folders", nargs="+", type=Path, help="runs, or folders with runs somewhere below")
    parser.add_argument(
        "--out", type=Path, metavar="FILE", help="default: report.html in the folder; of several folders, here"
    )
    parser.add_argument("--policy", help="groups of items, such as mass (default: items20)")
    given = parser.parse_args(argv)
    out: Path = given.out or (given.folders[0] if len(given.folders) == 1 else Path()) / "report.html"
    if given.out is None and len(given.folders) > 1 and out.exists():
        raise UserError(
            f"{out} is there already: name the report of these {len(given.folders)} folders with --out FILE"
        )
    if not out.parent.is_dir():
        raise UserError(f"--out {out}: there is no folder {out.parent}. Create it, or name another file")
    runs = read_runs(given.folders, given.policy)
    page = without_damaged(
        runs.finished, lambda left: render(arrange(left, runs.lost, runs.damaged, given.policy)), runs.damaged
    )
    write_whole(out, page, "--out")
    if runs.damaged:
        print(printable_lines(name_left_out(runs.damaged)), file=sys.stderr)
    print(out)
    return 0
