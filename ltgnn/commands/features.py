"""``ltgnn features {build,describe,ls,verify,prune}``: item features made ahead of training, and their store."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from annotated_types import Ge

from ltgnn.config.parser import Parser
from ltgnn.config.wrong_arguments import refuse_wrong_arguments
from ltgnn.data.text_leaks import BUILT
from ltgnn.io.pluralize import pluralize
from ltgnn.io.terminal import literal

EXAMPLES = """examples:
  ltgnn features build data=amazon_beauty features=minilm
  ltgnn features build data=ml100k features=tfidf features/transform=whiten
  ltgnn features describe data=ml100k --limit 20
  ltgnn features ls
  ltgnn features verify
  ltgnn features prune --unused 30 --yes

Features are encoded once; every later run finds them in the store. ls, verify
and prune see vectors of texts and images, images from the web and what language
models wrote. prune leaves what a run below logs (or --runs) reads.
"""


def main(argv: Sequence[str] | None = None) -> int:
    parser = _parser()
    arguments = parser.parse_args(sys.argv[1:] if argv is None else argv)
    if arguments.command == "build":
        return build(arguments.overrides, arguments.config_dir)
    if arguments.command == "describe":
        given = arguments
        return describe(given.overrides, given.config_dir, given.limit, given.show, given.out)
    folder = Path(arguments.folder) if arguments.folder else default_folder()
    if arguments.command == "verify":
        return verify(folder)
    runs = [Path(place) for place in arguments.runs or [os.environ.get("LTGNN_LOGS") or "logs"]]
    if arguments.command == "ls":
        return ls(folder, runs)
    given = arguments
    return prune(folder, given.unused, given.damaged, given.all, given.keep, runs, given.yes)


def build(overrides: Sequence[str], config_dir: str | None) -> int:
    """Make (or find) the features of one configuration of ``ltgnn train`` and show their card."""
    import json

    from ltgnn.build import build_problem
    from ltgnn.config.composing import compose_config, explain_errors

    logging.basicConfig(level=logging.INFO, format="%(message)s")
    cfg = compose_config("train", overrides, config_dir, only=("data", "split", "features"))
    with explain_errors(overrides):
        features = build_problem(cfg).features  # transforms are fitted on its train items
    if features is None:
        print("This configuration has no item features (features=none, or a data set without texts).")
        return 0
    print(json.dumps(features.card, indent=1, ensure_ascii=False))
    return 0


def describe(
    overrides: Sequence[str],
    config_dir: str | None,
    limit: Annotated[int, Ge(0)] | None,
    show: Annotated[int, Ge(0)],
    out: str | None,
) -> int:
    """Let a language model describe the items; 1 where what it wrote seems to tell who took what.

    ``limit``: texts asked about now. What it wrote before is kept, and counts in the sums.
    """
    refuse_wrong_arguments(describe, limit=limit, show=show)
    from ltgnn.build import build_dataset, build_features, build_split
    from ltgnn.config.composing import compose_config, explain_errors
    from ltgnn.data.audit import text_findings
    from ltgnn.features.describing.described_text import need_described
    from ltgnn.features.describing.summary import forecast, show_texts, write_table

    logging.basicConfig(level=logging.INFO, format="%(message)s")
    chosen = [] if any(word.startswith("features=") for word in overrides) else ["features=described"]
    cfg = compose_config("train", [*chosen, *overrides], config_dir, only=("data", "split", "features"))
    with explain_errors(overrides):
        source, dataset = need_described(build_features(cfg)), build_dataset(cfg)
        asked = source.questions(dataset)
        found = source.describer(asked, limit)
        texts = source.join(asked, found)
        show_texts(asked, found, show)
        print(forecast(source.describer, asked))
        if out is not None:
            write_table(Path(out), dataset.item_ids, asked, found, texts, source.describer.parts)
            print(f"written: {out}")
        findings = text_findings(dataset, build_split(cfg, dataset), texts, ())
    for finding in findings:
        print(f"leak audit: {finding}")
    return 1 if any(finding.check == BUILT for finding in findings) else 0


def ls(folder: Path, runs: Sequence[Path]) -> int:
    """List the store; the exit code."""
    from rich.console import Console
    from rich.table import Table

    from ltgnn.features.store_folders import find_stored, in_words
    from ltgnn.features.store_use import uses
    from ltgnn.runs.feature_use import runs_by_mark

    table = Table(box=None)
    table.add_column("key", no_wrap=True)
    for name in ("kind", "size", "from", "template", "empty", "MB", "made", "days unused", "used by"):
        table.add_column(name)
    found, users = find_stored(folder), runs_by_mark(runs, uses)
    for entry in found:
        table.add_row(
            entry.key[:12],
            entry.kind,
            literal(entry.size),
            literal(entry.source),
            literal(entry.template),
            "" if entry.empty is None else f"{entry.empty:.1%}",
            f"{entry.bytes / 1e6:.1f}",
            literal(entry.made),
            f"{entry.days:.0f}",
            literal(_shortly(entry.readers(users))),
        )
    console = Console()
    if not console.is_terminal:  # a file or a pipe has no width to keep to
        console.width = 240
    console.print(table)
    print(f"{in_words(found)}, {sum(entry.bytes for entry in found) / 1e6:.1f} MB in {folder}")
    return 0


def verify(folder: Path) -> int:
    """Read every entry of the store; exit code 1 if one is damaged."""
    from ltgnn.features.store_folders import find_stored

    found = [(entry, entry.damage()) for entry in find_stored(folder)]
    for entry, damage in found:
        heals = "; what is damaged is made anew when it is read" if damage and entry.heals else ""
        print(f"{entry.key[:12]}  {damage or 'intact'}{heals}")
    broken = sum(damage is not None for _, damage in found)
    print(f"{len(found) - broken} intact, {broken} damaged" + (" (ltgnn features prune --damaged)" if broken else ""))
    return 1 if broken else 0


def prune(
    folder: Path,
    unused: Annotated[float, Ge(0)] | None,
    damaged: bool,
    everything: bool,
    keep: Sequence[str],
    runs: Sequence[Path],
    yes: bool,
) -> int:
    """Delete entries not read for ``unused`` days, damaged, or all, except ``keep``; only listed without ``yes``.

    An entry stays that a run below ``runs`` reads, unless it is damaged, or that a process writes to now.
    """
    refuse_wrong_arguments(prune, unused=unused)
    from ltgnn.features.store_folders import find_stored, in_words
    from ltgnn.features.store_listing import leftovers
    from ltgnn.features.store_use import uses
    from ltgnn.runs.feature_use import runs_by_mark

    gone, users = [], runs_by_mark(runs, uses)
    for entry in find_stored(folder):
        idle = everything or (unused is not None and entry.days >= unused)
        broken = damaged and not entry.heals and entry.damage() is not None
        if not (idle or broken) or any(entry.key.startswith(key) for key in keep):
            continue
        readers = [] if broken else entry.readers(users)
        if readers or entry.is_busy():
            print(f"{entry.key[:12]}  stays: {_shortly(readers) or 'a process writes to it'}")
        else:
            gone.append(entry)
            print(f"{entry.key[:12]}  {entry.source}  {entry.bytes / 1e6:.1f} MB")
    dust, freed = leftovers(folder), sum(entry.bytes for entry in gone) / 1e6
    if yes:
        for entry in gone:
            entry.remove()
        for path in dust:
            path.unlink(missing_ok=True)
    done = "deleted" if yes else "would be deleted; --yes does it"
    print(f"{in_words(gone)} ({freed:.1f} MB) and {pluralize(len(dust), 'leftover file')} {done}")
    return 0


def _shortly(runs: Sequence[str]) -> str:
    return f"{pluralize(len(runs), 'run')}: {runs[-1]}{', ...' if len(runs) > 1 else ''}" if runs else ""


def default_folder() -> Path:
    """Where ``conf/paths/default.yaml`` and ``conf/features/store/cache.yaml`` put the store."""
    home = Path(os.environ.get("LTGNN_CACHE", Path.home() / ".cache/ltgnn/features"))
    return home / "text"


def _parser() -> Parser:
    parser = Parser(
        prog="ltgnn features",
        description="Item features made ahead of training, and the store that keeps them.",
        epilog=EXAMPLES,
    )
    commands = parser.add_subparsers(dest="command", required=True)
    making = commands.add_parser("build", help="make the features of a configuration, or find them")
    making.add_argument("overrides", nargs="*", help="as for `ltgnn train`: data=... features=...")
    making.add_argument("--config-dir", help="a folder with yaml files of your own")
    writing = commands.add_parser("describe", help="let a language model write about each item (features=described)")
    writing.add_argument("overrides", nargs="*", help="as for `ltgnn train`: data=... features/writer=...")
    writing.add_argument("--config-dir", help="a folder with yaml files of your own")
    writing.add_argument("--limit", type=int, metavar="N", help="texts asked about now; the rest is estimated")
    writing.add_argument("--show", type=int, default=3, metavar="N", help="descriptions that are printed")
    writing.add_argument("--out", metavar="FILE", help="all descriptions as a table: .csv, .parquet or .jsonl")
    for name, text in (
        ("ls", "list the entries of the store"),
        ("verify", "read every byte; exit code 1 if something is damaged"),
        ("prune", "delete entries, such as those not read for 30 days"),
    ):
        command = commands.add_parser(name, help=text)
        command.add_argument("--folder", help="the store; default: $LTGNN_CACHE/text")
        if name != "verify":
            command.add_argument(
                "--runs", nargs="*", metavar="FOLDER", help="where the runs are that may use them; default: logs"
            )
        if name == "prune":
            command.add_argument("--unused", type=float, metavar="DAYS", help="not read for this many days")
            command.add_argument("--damaged", action="store_true", help="what verify finds damaged")
            command.add_argument("--all", action="store_true", help="everything")
            command.add_argument(
                "--keep", nargs="*", default=[], metavar="KEY", help="never these (a key prefix is enough)"
            )
            command.add_argument("--yes", action="store_true", help="delete, do not only list")
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
