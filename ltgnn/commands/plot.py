"""Pictures of finished runs: ``ltgnn plot KIND RUNS ...``."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ltgnn.types import UserError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from ltgnn.analysis.rows import Row

KINDS = {
    "head-tail": "popular against rare items, a bar for each configuration",
    "pareto": "two values of each configuration, and those that none beats",
    "popularity": "quality by item popularity, and which items are recommended",
    "learning": "a value of history.csv over the epochs",
    "differences": "each configuration against a baseline, with intervals",
}


def main(argv: Sequence[str]) -> int:
    """Draws the picture and prints its place."""

    from ltgnn.analysis.plots.figure import check_ending
    from ltgnn.analysis.rows import rows_of
    from ltgnn.analysis.run_groups import drop_repeated
    from ltgnn.config.parser import Parser
    from ltgnn.io.terminal import printable_lines
    from ltgnn.runs.reading import name_left_out, read_all, without_damaged

    listed = "\n".join(f"  {kind:<12} {words}" for kind, words in KINDS.items())
    parser = Parser(
        prog="ltgnn plot",
        description=f"A picture of finished runs, means over seeds. Kinds:\n{listed}",
        epilog="examples:\n"
        "  ltgnn plot head-tail logs/train/multiruns/X --out bars.svg\n"
        "  ltgnn plot pareto logs/train/multiruns/X -y items20/tail/recall@20\n"
        "  ltgnn plot differences logs/train/multiruns/X --baseline fusion=id\n"
        "  ltgnn plot learning logs/train/multiruns/X --metric train/loss",
    )
    parser.add_argument("kind", choices=list(KINDS), metavar="KIND", help=", ".join(KINDS))
    parser.add_argument("folders", nargs="+", type=Path, metavar="RUNS", help="runs, or folders of runs or sweeps")
    parser.add_argument("--out", type=Path, metavar="FILE", help=".svg, .png or .pdf (default: KIND.svg here)")
    parser.add_argument("--metric", help="value, such as recall@20 (default: ndcg@20; learning: val/ndcg@20)")
    parser.add_argument("--policy", help="groups of items, such as mass (default: items20)")
    parser.add_argument("--baseline", metavar="GROUP=OPTION,...", help="differences: the configuration with these "
                        "options, or its number in `ltgnn table`")  # fmt: skip
    parser.add_argument("--level", type=float, default=0.95, help="differences: of the intervals (default: 0.95)")
    parser.add_argument("-x", help="pareto: value on the x axis (default: the metric)")
    parser.add_argument("-y", help="pareto: value on the y axis (default: the metric of the tail)")
    given = parser.parse_args(argv)
    out = given.out or Path(f"{given.kind}.svg")
    check_ending(out, "--out")
    if not 0 < given.level < 1:
        raise UserError(f"--level {given.level}: a share between 0 and 1 wanted, such as 0.95")
    if (given.kind == "differences") != (given.baseline is not None):
        raise UserError("ltgnn plot differences needs --baseline GROUP=OPTION,..., and no other kind has one")
    runs, damaged = read_all(given.folders)
    finished = [run for run in runs if run.test]
    if not finished:
        raise UserError(f"none of these runs has finished: {', '.join(str(run.folder) for run in runs)}")

    def work(left: Sequence[Any]) -> Figure:
        return figure_of(given.kind)(rows_of(drop_repeated(left)[0]), given)

    figure = without_damaged(finished, work, damaged)
    from ltgnn.analysis.plots.figure import save

    save(figure, out)
    if damaged:
        print(printable_lines(name_left_out(damaged)), file=sys.stderr)
    print(out)
    return 0


def figure_of(kind: str) -> Callable[[Sequence[Row], Any], Figure]:
    """The drawing function of a kind, with the options that it takes."""
    from ltgnn.analysis.item_groups import list_length, policy_of, rule
    from ltgnn.analysis.plots import differences, head_tail, learning, pareto, popularity

    def metric(rows: Sequence[Row], given: Any) -> str:
        return given.metric or f"ndcg@{list_length([run for row in rows for run in row.runs])}"

    def front(rows: Sequence[Row], given: Any) -> Figure:
        runs = [run for row in rows for run in row.runs]
        policy, name = policy_of(runs, given.policy), metric(rows, given)
        x, y = given.x or name, given.y or f"{policy}/tail/{name}"
        return pareto.draw(pareto.points_of(rows, x, y), x, y, about=f"Groups {rule(runs, policy)}.")

    kinds: dict[str, Callable[[Sequence[Row], Any], Figure]] = {
        "head-tail": lambda rows, given: head_tail.draw(rows, metric(rows, given), given.policy),
        "popularity": lambda rows, given: popularity.draw(rows, metric(rows, given), given.policy),
        "learning": lambda rows, given: learning.draw(rows, given.metric or f"val/{metric(rows, given)}"),
        "pareto": front,
        "differences": lambda rows, given: differences.draw(
            rows, differences.find_baseline(rows, given.baseline), metric(rows, given), given.policy, given.level
        ),
    }
    return kinds[kind]
