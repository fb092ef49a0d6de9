"""``ltgnn claim BASE NEW``: is there a tail gain at no head loss? Verdict, differences and exit code."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict

from ltgnn.analysis.claim_rule import claim
from ltgnn.analysis.claim_sides import claim_readable, refuse_same
from ltgnn.analysis.claim_text import caption, changes_table, details, header, sentence, summary
from ltgnn.analysis.event_groups import changes_by_group, event_card
from ltgnn.analysis.pairing import differing
from ltgnn.analysis.run_groups import RunGroup, load_group
from ltgnn.config.parser import Parser
from ltgnn.io.terminal import printable, say
from ltgnn.runs.reading import name_left_out
from ltgnn.types import UserError

BETWEEN = "\0between the sides"
"""Stands for ``--`` while options are parsed, since argparse gives that word another meaning."""

EPILOG = """what is compared (each side: runs that differ only in the seed):
  ltgnn claim BASE NEW                     a run, a folder or a 'GLOB' each
  ltgnn claim BASE... -- NEW...            several, as a shell makes of a glob
  ltgnn claim --base BASE... --new NEW...  the same with names

examples:
  ltgnn claim logs/train/multiruns/X:fusion=id logs/train/multiruns/X:fusion=sum
  ltgnn claim logs/train/multiruns/X/*_id_* -- logs/train/multiruns/X/*_sum_*

FOLDER:key=value,... selects runs of a folder by options or root knobs (fusion=sum,dim=64).
Exit code 0: yes, 2: no, 3: undecided (1 is an error)."""


def refuse_one_configuration(base: RunGroup, new: RunGroup) -> None:
    """``UserError`` for two runs that are seeds of one configuration: a glob that was meant as one side."""
    runs = [*base.runs, *new.runs]
    if len(runs) == 2 and runs[0].seed != runs[1].seed and not differing(runs):
        raise UserError(
            f"{runs[0].folder} and {runs[1].folder} differ only in the seed, as a shell makes of a glob for one side: "
            "write BASE... -- NEW... (or --base BASE --new NEW, if they are to be compared with each other)"
        )


def sides(places: Sequence[str], base: Sequence[str], new: Sequence[str]) -> tuple[list[str], list[str]]:
    """Which places are base and which are new; ``UserError`` where that is not clear."""
    if base or new:
        if places:
            raise UserError(f"'{places[0]}' is neither behind --base nor behind --new: name it there, or use neither")
        found = [*base], [*new]
    elif BETWEEN in places:
        at = list(places).index(BETWEEN)
        found = [*places[:at]], [*places[at + 1 :]]
        if BETWEEN in found[1]:
            raise UserError("-- is there twice: it stands once, between BASE... and NEW...")
    elif len(places) == 2:
        found = [places[0]], [places[1]]
    else:
        few = "two sides are compared" if len(places) < 2 else f"of {len(places)} places it is not clear which are base"
        raise UserError(
            f"{few}: write BASE... -- NEW..., or --base BASE... --new NEW... "
            "(each side: runs that differ only in the seed). `ltgnn claim --help` has examples"
        )
    for name, side in zip(("base", "new"), found, strict=True):
        if not side:
            raise UserError(f"nothing is named as {name}: write BASE... -- NEW..., or --base BASE... --new NEW...")
    return found


def make_parser() -> Parser:
    """The options."""
    parser = Parser(
        prog="ltgnn claim",
        usage="ltgnn claim BASE... -- NEW... [options]",
        description="Tail gain at no head loss? Yes, no or undecided, with intervals and paired tests.",
        epilog=EPILOG,
    )
    parser.add_argument("places", nargs="*", metavar="BASE... -- NEW...", help="runs, folders or globs; see below")
    parser.add_argument("--base", nargs="+", default=[], metavar="BASE", help="the base, where named by options")
    parser.add_argument("--new", nargs="+", default=[], metavar="NEW", help="likewise")
    parser.add_argument("--metric", default="ndcg@20", help="per-user value (default: %(default)s)")
    parser.add_argument("--policy", default="items20", help="groups of items (default: %(default)s)")
    parser.add_argument(
        "--margin", type=float, default=0.01, help="loss on the head that counts as none (default: %(default)s = 1 %%)"
    )
    parser.add_argument("--level", type=float, default=0.95, help="of the intervals (default: %(default)s)")
    parser.add_argument(
        "--draws", type=int, default=10_000, help="bootstrap and permutation draws (default: %(default)s)"
    )
    parser.add_argument("--seed", type=int, default=0, help="of the draws (default: %(default)s)")
    parser.add_argument("--details", action="store_true", help="all tests with raw and adjusted p, and effect sizes")
    parser.add_argument(
        "--by", metavar="POLICY", help="also by groups of held-out pairs, such as scene; no part of the rule"
    )
    parser.add_argument("--json", metavar="FILE", help="write all numbers there")
    return parser


def main(argv: Sequence[str]) -> int:
    """Exit code 0: yes, 2: no, 3: undecided (1 is an error)."""
    from rich.console import Console

    given = make_parser().parse_intermixed_args([BETWEEN if word == "--" else word for word in argv])
    base, new = map(load_group, sides(given.places, given.base, given.new))
    refuse_same(base, new)
    if len(given.places) == 2:
        refuse_one_configuration(base, new)
    rest = given.metric, given.policy, given.margin, given.level, given.draws, given.seed
    result, damaged = claim_readable(base, new, lambda base, new: claim(base, new, *rest))
    tables = [summary(result), *(details(result) if given.details else [])]
    widest = max(Console(width=1000).measure(table).maximum for table in tables)  # numbers are never cut
    console = Console(width=max(Console().width, widest))
    say(console, sentence(result))
    say(console, "")
    say(console, header(result))
    console.print(tables[0], highlight=False)
    if not given.details:
        say(console, caption(result))
    changes = changes_by_group(base, new, given.by, given.metric, *rest[3:]) if given.by else []
    if given.by:
        say(console, f"\n{given.metric} by {event_card(base.runs[0], given.by)['rule']}")
        console.print(changes_table(changes, given.level), highlight=False)
    for table in tables[1:]:
        console.print(table, highlight=False)
    for warning in result.warnings:
        say(console, f"Warning: {printable(warning)}")
    if damaged:
        say(console, name_left_out(damaged), "red")
    if given.json:
        from pathlib import Path

        from ltgnn.config.paths import write_whole

        found = asdict(result) | ({"by": {given.by: [asdict(change) for change in changes]}} if given.by else {})
        write_whole(Path(given.json), json.dumps(found, indent=1) + "\n", "--json")
    return {"yes": 0, "no": 2, "undecided": 3}[result.verdict]
