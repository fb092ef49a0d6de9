"""Configurations side by side: ``ltgnn table DIR ...``."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ltgnn.analysis.table import read_table, show
from ltgnn.analysis.table_formats import FORMATS, document
from ltgnn.analysis.table_values import Selection
from ltgnn.config.parser import Parser
from ltgnn.config.paths import write_whole
from ltgnn.io.terminal import printable_lines
from ltgnn.runs.reading import name_left_out
from ltgnn.types import UserError


def main(argv: Sequence[str]) -> int:
    """``ltgnn table DIR ...``; exit code 1 where a run is damaged or has not finished."""

    parser = Parser(
        prog="ltgnn table",
        description="Configurations side by side, each with the mean and spread over its seeds.",
        epilog="examples:\n"
        "  ltgnn table logs/train/multiruns/*\n"
        "  ltgnn table logs/train/multiruns/X --metric ndcg@20,mrr@20 --sort tail\n"
        "  ltgnn table logs/train/multiruns/X --out table.tex",
    )
    parser.add_argument("folders", nargs="+", type=Path, help="folders of runs or of sweeps")
    several: dict[str, Any] = {"action": "append", "default": [], "metavar": "NAME,..."}
    values = "values in all groups, such as recall@10,mrr; val/ndcg@20; every (default: NDCG, Recall, coverage)"
    parser.add_argument("--metric", **several, help=values)
    parser.add_argument("--group", **several, help="all, head, tail, cold (default: all groups of the policy)")
    parser.add_argument("--policy", help="how items are grouped, such as mass (default: items20)")
    parser.add_argument("--sort", default="", metavar="BY", help="best first: a value (ndcg@20), a group (tail), "
                        "label, seconds (default: in the order of the runs)")  # fmt: skip
    parser.add_argument("--runs", action="store_true", help="a row for each run, no means over seeds")
    parser.add_argument("--format", choices=("table", *FORMATS), help="csv and json are in full precision "
                        "(default: by the ending of --out, else table)")  # fmt: skip
    parser.add_argument("--out", type=Path, metavar="FILE", help="write there instead of printing")
    given = parser.parse_args(argv)
    chosen = Selection(split_names(given.metric), split_names(given.group), given.policy)
    kind = given.format or kind_of(given.out)
    if kind == "table":
        if given.out is not None:
            raise UserError(f"--out {given.out}: a document wanted: --format csv, md, latex or json, or such an ending")
        return 1 if show(given.folders, chosen, given.runs, given.sort) else 0
    table = read_table(given.folders, chosen, given.runs, given.sort)
    text = document(table.rows, table.columns, table.policy, kind)
    if given.out is None:
        sys.stdout.write(text)
    else:
        write_whole(given.out, text, "--out")
    if table.damaged:
        print(printable_lines(name_left_out(table.damaged)), file=sys.stderr)
    return 1 if table.failures else 0


def split_names(given: Sequence[str]) -> list[str]:
    """The names between commas."""
    return [word.strip() for part in given for word in part.split(",") if word.strip()]


def kind_of(out: Path | None) -> str:
    """The format that the ending of a file asks for."""
    return next((kind for kind, ending in FORMATS.items() if out is not None and out.suffix == ending), "table")
