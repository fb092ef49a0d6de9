"""``ltgnn report DIR ...``: one HTML file about many runs, to be read anywhere."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path


def main(argv: Sequence[str]) -> int:
    """Writes the page and prints its place."""
    import argparse

    from ltgnn.paths import write_whole
    from ltgnn.runs.report.gather import read
    from ltgnn.runs.report.page import render
    from ltgnn.types import Mistake

    parser = argparse.ArgumentParser(
        prog="ltgnn report",
        description="One self-contained HTML file: answer, leaderboard, Pareto front, groups, exposure, training "
        "curves, users, cards, commands. It needs no network and no server.",
        epilog="example: ltgnn report logs/train/multiruns/X --out report.html",
    )
    parser.add_argument("folders", nargs="+", type=Path, help="runs, or folders with runs somewhere below")
    parser.add_argument("--out", type=Path, metavar="FILE", help="default: report.html in the first folder")
    given = parser.parse_args(argv)
    out: Path = given.out or given.folders[0] / "report.html"
    if not out.parent.is_dir():
        raise Mistake(f"--out {out}: there is no folder {out.parent}. Make it, or name another file")
    page = render(read(given.folders))
    write_whole(out, page, "--out")
    print(out)
    return 0
