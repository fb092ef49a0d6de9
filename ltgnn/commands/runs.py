"""``ltgnn runs import`` and ``ltgnn runs sweep-yaml``: the ways to and from W&B."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path


def main(argv: Sequence[str]) -> int:
    """Dispatch to one of the two."""
    from ltgnn.config.parser import Parser

    parser = Parser(
        prog="ltgnn runs",
        description="W&B's offline files into run folders; the yaml of `wandb sweep`.",
        epilog="examples:\n  ltgnn runs import other/wandb --value ndcg@20=final_ndcg\n"
        "  ltgnn runs sweep-yaml fusion=id,sum seed=1,2 > sweep.yaml",
    )
    commands = parser.add_subparsers(dest="command", required=True)
    bring = commands.add_parser("import", help="offline .wandb files, of whatever program, as run folders")
    bring.add_argument("places", nargs="+", type=Path, help="run-*.wandb files, or folders with some below")
    bring.add_argument("--out", type=Path, default=Path("logs/imported"), help="default: %(default)s")
    bring.add_argument(
        "--value", action="append", default=[], metavar="NAME=KEY", help="summary KEY is test value NAME"
    )
    agent = commands.add_parser("sweep-yaml", help="the yaml for `wandb sweep`; its agents call ltgnn train")
    agent.add_argument("overrides", nargs="*", metavar="KEY=A,B", help="overrides to sweep, as for ltgnn train -m")
    agent.add_argument("--method", choices=("grid", "random", "bayes"), default="grid")
    agent.add_argument("--monitor", default="val/ndcg@20", help="to be maximised (default: %(default)s)")
    agent.add_argument("--project", default="ltgnn")
    given = parser.parse_args(argv)
    if given.command == "sweep-yaml":
        from ltgnn.runs.wandb_sweep import sweep_yaml

        print(sweep_yaml(given.overrides, given.method, given.monitor, given.project), end="")
        return 0
    from ltgnn.runs import wandb_import
    from ltgnn.types import UserError

    pairs = [pair.partition("=") for pair in given.value]
    for name, sign, key in pairs:
        if not (sign and name and key):
            raise UserError(f"--value {name}: wanted NAME=KEY, such as ndcg@20=final_ndcg")
    for file in wandb_import.files(given.places):
        print(wandb_import.import_file(file, given.out, {name: key for name, _, key in pairs}))
    return 0
