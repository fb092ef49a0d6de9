"""A claim in words and tables: the verdict first, the differences, and, where they are asked for, all tests."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ltgnn.analysis.claim_rule import TESTS, Claim, decide
from ltgnn.analysis.event_groups import GroupChange
from ltgnn.analysis.group_difference import Difference
from ltgnn.io.pluralize import pluralize
from ltgnn.io.terminal import heading, printable

TEST = "permutation"
"""The test of the short table: paired over users, without assumptions on their distribution."""

GROUP_WORDS = {"all": "all items", "head": "head", "tail": "tail"}


def sentence(result: Claim) -> str:
    """The verdict and its reasons."""
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


def header(result: Claim) -> str:
    """What is compared, by which value and groups."""
    return (
        f"{result.metric}, test part, groups {result.rule}\n"
        f"base: {result.base} ({pluralize(result.seeds[0], 'run')})\n"
        f"new: {result.new} ({pluralize(result.seeds[1], 'run')})"
    )


def summary(result: Claim) -> Any:
    """The difference of each group with its interval, and one p value."""
    limits = f"{100 * result.level:g} % interval"
    table = _table("", ["", "users", "base", "new", "difference", limits, "relative", limits, "p"])
    for d in result.differences:
        i = d.interval
        table.add_row(
            GROUP_WORDS[d.group], f"{d.users}", _mean(d.base, d.base_sd), _mean(d.new, d.new_sd),
            f"{i.estimate:+.5f}", f"{i.lower:+.5f} {i.upper:+.5f}", *format_relative(d), p_value(d.p_holm[TEST]),
        )  # fmt: skip
    return table


def changes_table(changes: Sequence[GroupChange], level: float) -> Any:
    """The difference on each group of held-out pairs, with its interval."""
    table = _table("", ["", "users", "base", "new", "difference", f"{100 * level:g} % interval"])
    for one in changes:
        i = one.interval
        table.add_row(
            printable(one.group), f"{one.users}", f"{one.base:.4f}", f"{one.new:.4f}",
            f"{i.estimate:+.5f}", f"{i.lower:+.5f} {i.upper:+.5f}",
        )  # fmt: skip
    return table


def caption(result: Claim) -> str:
    """What the short table shows."""
    return (
        "Differences are new - base, paired by user; intervals cover users and seeds. p: two-sided permutation test "
        "over users, adjusted for the three groups (Holm). --details: all tests and effect sizes."
    )


def details(result: Claim) -> list[Any]:
    """The tests behind the differences, one table each for raw and adjusted p values, and the effect sizes."""
    groups = [GROUP_WORDS[d.group] for d in result.differences]
    adjusted = _table("p over users, two-sided: as it is, and adjusted for the three groups",
                      ["test", "group", "raw", "Holm", "Benjamini-Hochberg"])  # fmt: skip
    for test in TESTS:
        for n, d in enumerate(result.differences):
            name = {"t": "paired t", "wilcoxon": "Wilcoxon", "permutation": "permutation", "bootstrap": "bootstrap"}
            p = (p_value(d.p[test]), p_value(d.p_holm[test]), p_value(d.p_bh[test]))
            adjusted.add_row(name[test] if n == 0 else "", GROUP_WORDS[d.group], *p)
        adjusted.add_section()
    found = [adjusted]
    known = [test for test in TESTS if any(test in d.p_seeds for d in result.differences)]
    if known:
        runs = _table("p with a run as the unit (few runs: such tests miss much), raw", ["test", *groups])
        for test in known:
            cells = (p_value(d.p_seeds[test]) if test in d.p_seeds else "-" for d in result.differences)
            runs.add_row({"t": "t", "wilcoxon": "Wilcoxon", "permutation": "permutation"}.get(test, test), *cells)
        found.append(runs)
    sizes = _table("Effect sizes over users", ["", *groups])
    sizes.add_row("Cohen's d", *(f"{d.cohen:+.3f}" for d in result.differences))
    sizes.add_row("rank-biserial r", *(f"{d.rank_biserial:+.3f}" for d in result.differences))
    sizes.add_row("users who gain / lose", *(f"{d.wins:.0%} / {d.losses:.0%}" for d in result.differences))
    return [*found, sizes]


def render(result: Claim, with_details: bool = False) -> Any:
    """All of it for the terminal."""
    from rich.console import Group

    more = details(result) if with_details else []
    return Group(heading(sentence(result)), heading(header(result)), summary(result), heading(caption(result)), *more)


def p_value(p: float) -> str:
    """Two digits; below 0.0001 only that."""
    return "< 0.0001" if p < 1e-4 else f"{p:.4f}" if p < 0.01 else f"{p:.2f}"


def format_relative(d: Difference) -> tuple[str, str]:
    if not d.base:
        return ("base is 0", "-")
    return f"{d.relative.estimate:+.1%}", f"{d.relative.lower:+.1%} {d.relative.upper:+.1%}"


def _mean(mean: float, sd: float | None) -> str:
    return f"{mean:.4f}" if sd is None else f"{mean:.4f} ± {sd:.4f}"


def _table(title: str, columns: Sequence[str]) -> Any:
    from rich import box
    from rich.table import Table

    table = Table(title=title or None, title_justify="left", title_style="", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for column in columns:
        table.add_column(column, justify="left" if column in ("", "test", "group") else "right", no_wrap=True)
    return table
