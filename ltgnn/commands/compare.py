"""``ltgnn compare DIR ... --by GROUPS --baseline GROUP=OPTION``: configurations in one table, and what matters."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from ltgnn.analysis import anova_tables, formats, kind_formats
from ltgnn.analysis.compare_runs import compare_runs, usual_values, variance
from ltgnn.analysis.comparison import CORRECTIONS, Comparison, name_damaged, read_finished
from ltgnn.analysis.kind_gains import kind_gains
from ltgnn.config.paths import write_whole
from ltgnn.io.terminal import printable, say
from ltgnn.runs.reading import without_damaged
from ltgnn.runs.run import DamagedRun, Run
from ltgnn.types import UserError

if TYPE_CHECKING:
    from argparse import Namespace

    from rich.console import Console


def main(argv: Sequence[str]) -> int:
    """Prints the table; exit code 0, also where runs have failed: the table names them."""
    from rich.console import Console

    from ltgnn.config.parser import Parser

    parser = Parser(
        prog="ltgnn compare",
        description="Configurations side by side: mean and spread over seeds, difference to a baseline, its "
        "significance, and which config group explains the variance.",
        epilog="examples:\n  ltgnn compare logs/train/multiruns/X --by fusion,loss --baseline fusion=id\n"
        "  ltgnn compare logs/train/multiruns/X --kinds",
    )
    parser.add_argument("folders", nargs="+", type=Path, help="runs, or folders with runs somewhere below")
    parser.add_argument(
        "--by", help="config groups, root knobs or keys that distinguish configurations (default: all that vary)"
    )
    parser.add_argument(
        "--baseline", default="", metavar="GROUP=OPTION,...", help="compare with the same configuration except for this"
    )
    parser.add_argument(
        "--metrics", nargs="+", help="values of the test part (default: ndcg@20 of all, head and tail, and coverage@20)"
    )
    parser.add_argument("--policy", help="groups of items of the default values, such as mass (default: items20)")
    parser.add_argument(
        "--correction", choices=list(CORRECTIONS), default="holm", help="for many tests (default: %(default)s)"
    )
    parser.add_argument("--format", choices=("terminal", "markdown", "latex", "csv"), default="terminal")
    parser.add_argument(
        "--out",
        type=Path,
        metavar="FILE",
        help="write there instead of printing; with csv the analysis of variance goes to NAME.anova.csv",
    )
    parser.add_argument(
        "--kinds", action="store_true",
        help="of runs that differ in features=: what each kind (text, images ...) changes for whom",
    )  # fmt: skip
    given = parser.parse_args(argv)
    found, left_out = read_finished(given.folders)
    if given.kinds:
        return show_kinds(found, left_out, given)
    values = given.metrics or usual_values(found, given.policy)
    by = [axis.strip() for axis in given.by.split(",")] if given.by else []
    runs, table = compare_runs(found, left_out, by, _pairs(given.baseline), values, given.correction)
    if given.format == "terminal" and given.out is None:
        show(table, runs, Console())
        return 0
    if given.format == "terminal":
        raise UserError("--out writes a document: add --format markdown, latex or csv")
    kinds = {"markdown": "markdown", "latex": "latex", "csv": "as_csv"}
    texts = [getattr(formats, kinds[given.format])(table)]
    if len(table.rows) > 2:
        texts.append(getattr(anova_tables, kinds[given.format])(variance(table, runs)))
    write(texts, given.out, separate=given.format == "csv")
    return 0


def show_kinds(found: Sequence[Run], left_out: Sequence[str], given: Namespace) -> int:
    """Which kind of features helps whom: a table for each value."""
    from rich.console import Console

    if given.by or given.baseline or given.format == "latex":
        raise UserError(
            "--kinds pairs the runs itself, for the terminal, markdown or csv: leave out --by and --baseline"
        )
    if given.format == "terminal" and given.out is not None:
        raise UserError("--out writes a document: add --format markdown or csv")
    damaged: list[DamagedRun] = []
    tables = [
        without_damaged(found, partial(kind_gains, metric=value, policy=given.policy), damaged)
        for value in given.metrics or usual_values(found, given.policy)[:1]
    ]
    if given.format == "terminal":
        for table in tables:
            drawn, console = kind_formats.terminal(table), Console()
            console.width = max(console.width, Console(width=1000).measure(drawn).maximum)
            console.print(drawn)
            say(console, kind_formats.note(table))
    else:
        layout = kind_formats.markdown if given.format == "markdown" else kind_formats.as_csv
        write([layout(table) for table in tables], given.out, separate=False)
    for run in (*left_out, *name_damaged(damaged)):
        print(f"left out: {printable(run)}", file=sys.stderr)
    return 0


def write(texts: Sequence[str], file: Path | None, separate: bool) -> None:
    """Table and analysis of variance, an empty line between them; ``separate``: the second in ``NAME.anova.csv``."""
    if file is None:
        sys.stdout.write("\n".join(texts))
    elif separate:
        for name, text in zip((file, file.with_suffix(f".anova{file.suffix}")), texts, strict=False):
            write_whole(name, text, "--out")
    else:
        write_whole(file, "\n".join(texts), "--out")


def show(table: Comparison, runs: Sequence[Run], console: Console) -> None:
    """Table, notes and the analysis of variance of each value, for people."""
    from rich.console import Console

    drawn = formats.terminal(table)
    width = max(console.width, Console(width=1000).measure(drawn).maximum)  # numbers are never cut
    console.width = width
    console.print(drawn)
    say(console, formats.note(table, bold=console.is_terminal))
    if len(table.rows) > 2:
        drawn = anova_tables.terminal(variance(table, runs))
        console.width = max(width, Console(width=1000).measure(drawn).maximum)
        console.print(drawn)


def _pairs(text: str) -> dict[str, str]:
    """``fusion=id,loss=bpr`` as a dict."""
    pairs = [part.partition("=") for part in text.split(",") if part.strip()]
    for key, sign, _ in pairs:
        if not sign:
            raise UserError(f"--baseline {text}: '{key}' is not GROUP=OPTION, such as fusion=id")
    return {key.strip(): word.strip() for key, _, word in pairs}
