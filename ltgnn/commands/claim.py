"""``ltgnn claim BASE NEW``: is there a tail gain at no head loss? Tables, verdict and exit code."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from ltgnn.analysis.claim_rule import TESTS, Claim, claim, decide
from ltgnn.analysis.claim_sides import claim_readable, refuse_same
from ltgnn.analysis.run_groups import load_group
from ltgnn.io.pluralize import pluralize
from ltgnn.io.terminal import heading, printable, say
from ltgnn.runs.reading import name_left_out


def render(result: Claim) -> Any:
    """Tables and verdict for the terminal."""
    from rich.console import Group

    return Group(heading(header(result)), *tables(result), heading(sentence(result)))


def header(result: Claim) -> str:
    """What is compared, by which value and groups."""
    runs = [pluralize(count, "run") for count in result.seeds]
    return (
        f"{result.metric}, test part, groups {result.rule}\n"
        f"base: {result.base} ({runs[0]})\nnew: {result.new} ({runs[1]})"
    )


def tables(result: Claim) -> list[Any]:
    """The differences with their intervals, the tests behind them, and the effect sizes."""
    effects = _table(
        "",
        ["", "users", "base", "new", "difference", limits := f"{100 * result.level:g} % interval", "relative", limits],
    )
    for d in result.differences:
        i, r = d.interval, d.relative
        effects.add_row(
            d.group, f"{d.users}", _mean(d.base, d.base_sd), _mean(d.new, d.new_sd), f"{i.estimate:+.5f}",
            f"{i.lower:+.5f} {i.upper:+.5f}",
            *((f"{r.estimate:+.1%}", f"{r.lower:+.1%} {r.upper:+.1%}") if d.base else ("base is 0", "-")),
        )  # fmt: skip
    groups = [d.group for d in result.differences]
    tests = _table(
        "Two-sided p: raw / Holm / Benjamini-Hochberg over the groups; with a run as the unit, raw", ["", *groups]
    )
    for test in TESTS:
        p = (f"{d.p[test]:.2g} / {d.p_holm[test]:.2g} / {d.p_bh[test]:.2g}" for d in result.differences)
        tests.add_row(f"users: {test}", *p)
    for test in TESTS:
        if any(test in d.p_seeds for d in result.differences):
            tests.add_row(
                f"runs: {test}", *(f"{d.p_seeds[test]:.2g}" if test in d.p_seeds else "-" for d in result.differences)
            )
    sizes = _table("Effect sizes over users", ["", *groups])
    sizes.add_row("Cohen's d", *(f"{d.cohen:+.3f}" for d in result.differences))
    sizes.add_row("rank-biserial r", *(f"{d.rank_biserial:+.3f}" for d in result.differences))
    sizes.add_row("users who gain / lose", *(f"{d.wins:.0%} / {d.losses:.0%}" for d in result.differences))
    return [effects, tests, sizes]


def _table(title: str, columns: Sequence[str]) -> Any:
    from rich import box
    from rich.table import Table

    table = Table(title=title or None, title_justify="left", title_style="", box=box.SIMPLE_HEAD)
    for column in columns:
        table.add_column(column, justify="left" if column == "" else "right", no_wrap=True)
    return table


def sentence(result: Claim) -> str:
    """The verdict as text."""
    lines = [f"Tail gain at no head loss: {result.verdict.upper()}", *(f"  {reason}" for reason in result.reasons)]
    by_group = {d.group: d for d in result.differences}
    if result.seeds_needed:
        seeds = pluralize(result.seeds_needed, "seed")
        lines.append(f"  {seeds} a side would decide it, if estimates and spreads stay as they are")
    elif decide(by_group["head"], by_group["tail"], result.margin)[0] == "undecided":
        lines.append(
            "  more seeds would not decide it: the test part has too few users, or the spread over seeds is unknown"
        )
    return "\n".join(lines)


def _mean(mean: float, sd: float | None) -> str:
    return f"{mean:.4f}" if sd is None else f"{mean:.4f} ± {sd:.4f}"


def main(argv: Sequence[str]) -> int:
    """Exit code 0: yes, 2: no, 3: undecided (1 is an error)."""
    from rich.console import Console

    from ltgnn.config.parser import Parser

    parser = Parser(
        prog="ltgnn claim",
        description="Tail gain at no head loss? Yes, no or undecided, with intervals, paired tests and effect sizes.",
        epilog="example: ltgnn claim logs/train/multiruns/X:model=lightgcn,fusion=id logs/train/multiruns/X:fusion=sum",
    )
    side = "a run, or a folder of runs that differ only in the seed; FOLDER:key=value,... selects some"
    parser.add_argument("base", help=side)
    parser.add_argument("new", help="likewise")
    parser.add_argument("--metric", default="ndcg@20", help="per-user value (default: %(default)s)")
    parser.add_argument("--policy", default="items20", help="groups of items (default: %(default)s)")
    parser.add_argument(
        "--margin", type=float, default=0.01, help="head loss that is none (default: %(default)s = 1 %%)"
    )
    parser.add_argument("--level", type=float, default=0.95, help="of the intervals (default: %(default)s)")
    parser.add_argument(
        "--draws", type=int, default=10_000, help="bootstrap and permutation draws (default: %(default)s)"
    )
    parser.add_argument("--seed", type=int, default=0, help="of the draws (default: %(default)s)")
    parser.add_argument("--json", metavar="FILE", help="write all numbers there")
    given = parser.parse_args(argv)
    sides = load_group(given.base), load_group(given.new)
    refuse_same(*sides)
    rest = given.metric, given.policy, given.margin, given.level, given.draws, given.seed
    result, damaged = claim_readable(*sides, lambda base, new: claim(base, new, *rest))
    widest = max(Console(width=1000).measure(table).maximum for table in tables(result))  # numbers are never cut
    console = Console(width=max(Console().width, widest))
    say(console, header(result))
    for table in tables(result):
        console.print(table, highlight=False)
    say(console, sentence(result))
    for warning in result.warnings:
        say(console, f"Warning: {printable(warning)}")
    if damaged:
        say(console, name_left_out(damaged), "red")
    if given.json:
        from pathlib import Path

        from ltgnn.config.paths import write_whole

        write_whole(Path(given.json), json.dumps(asdict(result), indent=1) + "\n", "--json")
    return {"yes": 0, "no": 2, "undecided": 3}[result.verdict]
