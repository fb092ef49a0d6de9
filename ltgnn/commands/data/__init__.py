"""``ltgnn data <command>``: fetch, import, stats, split, audit, diff, export."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence

from ltgnn.config.parser import Parser

Command = Callable[[argparse.Namespace], int]

OVERRIDES = (
    "Hydra overrides, e.g. split=leave_one_out split.seed=1 data.cleaning.user_core=5; trust=PACKAGE lets a run's "
    "recipe name classes of that package"
)
TARGET = "name of the catalogue (ml100k), folder that ltgnn data wrote, or run folder"


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command; 0 success, 1 a finding, a difference or an error."""
    parser = _parser()
    arguments, rest = parser.parse_known_args(sys.argv[1:] if argv is None else argv)
    unknown = [word for word in rest if word.startswith("-") or "=" not in word]
    if unknown:
        parser.error(f"unknown: {' '.join(unknown)}")
    arguments.overrides = [*getattr(arguments, "overrides", []), *rest]
    if not hasattr(arguments, "run"):
        parser.print_help()
        return 0
    command: Command = arguments.run
    return command(arguments)


def _parser() -> Parser:
    parser = Parser(prog="ltgnn data", description="Data sets: obtain, read, clean, cut, check, compare.")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")

    def add(name: str, help: str, example: str, run: Command, notes: str = "") -> Parser:
        command = commands.add_parser(
            name,
            help=help,
            description=help,
            epilog="example:\n" + "\n".join(f"  {line}" for line in example.splitlines()) + notes,
        )
        command.set_defaults(run=run)
        return command

    fetch = add(
        "fetch",
        "Obtain and verify the files of a data set of the catalogue; without a name, list the catalogue.",
        "ltgnn data fetch ml100k\nLTGNN_MIRROR=/data/recsys ltgnn data fetch gowalla",
        _fetch,
        "\n\nLTGNN_MIRROR names a folder that is tried before the network, with the files of a set in NAME/FILE;\n"
        "LTGNN_DATA the folder that they are kept in. A cut download is resumed by the next call; every file is\n"
        "verified by its sha256 and written atomically.",
    )
    fetch.add_argument("name", nargs="?", help="name of the catalogue")

    bring = add(
        "import",
        "Read a table (CSV, TSV, JSON Lines, Parquet) or a data set of any format, clean it, and write it as a folder.",
        "ltgnn data import clicks.csv --user uid --item sku --time ts \\\n"
        "    --items goods.csv --field title=name --out my\n"
        "ltgnn data import shop data.files.path=FOLDER --out my",
        _import,
    )
    bring.add_argument("source", help="file of interactions, or name of a data yaml (shop, recbole, amazon2023 ...)")
    bring.add_argument("--out", required=True, help="folder to write; must not exist")
    bring.add_argument("--user", help="column of user ids (default: user_id)")
    bring.add_argument("--item", help="column of item ids (default: item_id)")
    bring.add_argument("--rating", help="column of ratings, for --min-rating")
    bring.add_argument("--time", help="column of times")
    bring.add_argument(
        "--time-format", help="form of times given as text, e.g. '%%Y-%%m-%%d %%H:%%M:%%S'; iso for ISO 8601"
    )
    bring.add_argument(
        "--time-unit",
        choices=["auto", "s", "ms", "us", "ns"],
        help="of times given as numbers (default: by their range)",
    )
    bring.add_argument("--weight", help="column with the strength of the event; rows at 0 are left out")
    bring.add_argument("--event", help="column with the kind of event, such as click or purchase; with --event-weight")
    bring.add_argument(
        "--event-weight",
        action="append",
        default=[],
        metavar="EVENT=NUMBER",
        help="what a row with this event is worth, 0 leaves it out; once for each event",
    )
    bring.add_argument(
        "--event-field",
        action="append",
        default=[],
        metavar="NAME=COLUMN",
        help="channel, store or device of the events; repeat it",
    )
    bring.add_argument("--items", help="file of items")
    bring.add_argument("--item-key", help="column of item ids in the file of items (default: as --item)")
    bring.add_argument(
        "--field", action="append", default=[], metavar="NAME=COLUMN", help="text of the items; repeat it"
    )
    bring.add_argument(
        "--number", action="append", default=[], metavar="NAME=COLUMN", help="number of the items; repeat it"
    )
    bring.add_argument("--separator", help="between columns (default: found in the first line)")
    bring.add_argument("--no-quotes", action="store_true", help="treat quotes as ordinary characters")
    bring.add_argument("--encoding", help="of text files, e.g. latin-1, cp1252 (default: UTF-8, or by byte order mark)")
    bring.add_argument("--escape", help="sign before a quote inside of a value, e.g. '\\'")
    bring.add_argument("--names", help="names of the columns, by comma, where the first line has none")
    bring.add_argument("--item-names", help="the same for the file of items")
    bring.add_argument(
        "--missing", metavar="WORDS", help="values that are not ids, by comma, e.g. NA,null (default: the empty one)"
    )
    bring.add_argument("--min-rating", type=float, help="drop rows rated below")
    bring.add_argument("--user-core", type=int, help="minimum interactions per user (k-core)")
    bring.add_argument("--item-core", type=int, help="minimum interactions per item (k-core)")
    bring.add_argument(
        "--repeats",
        choices=["first", "last", "sum"],
        help="what stays of repeated pairs: the first or last by time, or the sum of the weights "
        "(default: sum where rows have weights, else first)",
    )
    bring.add_argument(
        "--keep-untouched", action="store_true", help="keep items without interactions (default: drop and count)"
    )
    bring.add_argument("--first-counts", action="store_true", help="of items with the same id the first row counts")
    bring.add_argument("--keep-unknown", action="store_true", help="keep items without a row in the file of items")
    bring.add_argument(
        "--drop-incomplete", action="store_true", help="drop rows without an id instead of stopping there"
    )

    stats = add(
        "stats",
        "Figures, cleaning report, groups; with --out also data_card.json and the popularity curve as PNG.",
        "ltgnn data stats ml100k\nltgnn data stats amazon_beauty split=leave_one_out groups=all --out figures",
        _stats,
    )
    split = add(
        "split",
        "Cut a data set and write the parts as a folder, to train on with data=processed split=official.",
        "ltgnn data split ml100k split=global_time --out ml100k-by-time",
        _split,
    )
    audit = add(
        "audit",
        "Look for leaks of held-out pairs into graph, counts, texts; exit code 1 on a finding.",
        "ltgnn data audit amazon_beauty split=leave_one_out\nltgnn data audit ml100k --allow 'identical texts'",
        _audit,
    )
    audit.add_argument(
        "--allow", action="append", default=[], metavar="CHECK", help="findings of this check pass; repeat it"
    )
    export = add(
        "export",
        "Write a split for other tools, or the lists of a run as user,item,score.",
        "ltgnn data export ml100k --to recbole --out peers/ml100k\n"
        "ltgnn data export logs/train/runs/RUN --to lists --out lists.csv",
        _export,
        "\n\nIn lists, an id that a spreadsheet would run as a formula (= + - @ first) starts with an apostrophe;\n"
        "ltgnn evaluate lists=FILE takes it off. recbole: as pandas.read_csv reads it.",
    )
    export.add_argument(
        "--to", required=True, choices=["recbole", "lightgcn", "processed", "lists"], help="form to write"
    )
    for command in (stats, split, audit, export):
        command.add_argument("name", help=TARGET)
    stats.add_argument("--out", help="folder for data_card.json and popularity.png")
    for command in (split, export):
        command.add_argument("--out", required=True, help="folder (for lists: file) to write")

    differ = add(
        "diff",
        "Report how two data sets differ: counts, ids, pairs, texts, parts; exit code 1 where they do.",
        "ltgnn data diff ml100k ml100k-split\nltgnn data diff 'ml100k split.seed=0' 'ml100k split.seed=1'",
        _diff,
    )
    for side in ("left", "right"):
        differ.add_argument(side, help=f"{TARGET}; with overrides in quotes. A split= compares the parts.")
    for command in (fetch, bring, stats, split, audit, export):
        command.add_argument("overrides", nargs="*", help=OVERRIDES)
    return parser


def _fetch(arguments: argparse.Namespace) -> int:
    from ltgnn.commands.data import actions

    return actions.fetch(arguments.name, arguments.overrides)


def _import(arguments: argparse.Namespace) -> int:
    from ltgnn.commands.data import importing

    return importing.import_data(arguments)


def _stats(arguments: argparse.Namespace) -> int:
    from ltgnn.commands.data import actions

    return actions.stats(arguments.name, arguments.overrides, arguments.out)


def _split(arguments: argparse.Namespace) -> int:
    from ltgnn.commands.data import actions

    return actions.split(arguments.name, arguments.overrides, arguments.out)


def _audit(arguments: argparse.Namespace) -> int:
    from ltgnn.commands.data import actions

    return actions.audit_target(arguments.name, arguments.overrides, arguments.allow)


def _diff(arguments: argparse.Namespace) -> int:
    from ltgnn.commands.data import actions

    return actions.diff(arguments.left, arguments.right)


def _export(arguments: argparse.Namespace) -> int:
    from ltgnn.commands.data import actions

    return actions.export(arguments.name, arguments.overrides, arguments.to, arguments.out)
