"""Which kind of features helps whom, as a table for the terminal, Markdown or CSV."""

from __future__ import annotations

import csv
import io
from typing import Any

from ltgnn.analysis.kind_gains import GroupGain, KindGain, KindGains
from ltgnn.io.pluralize import pluralize
from ltgnn.io.terminal import literal, printable

HEADS = (
    "value", "kind", "compared", "configuration", "group", "users", "base", "new", "difference", "lower", "upper",
    "seeds",
)  # fmt: skip


def terminal(found: KindGains) -> Any:
    """A block for each kind and comparison, a line for each group."""
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    table.add_column("kind", no_wrap=True)
    table.add_column("compared", max_width=34)
    table.add_column("group", no_wrap=True)
    for head in ("users", "without", "with", "difference", f"{100 * found.level:g} % interval", ""):
        table.add_column(head, justify="right", no_wrap=True)
    for gain in found.gains:
        for number, one in enumerate(gain.groups):
            table.add_row(
                literal(gain.kind) if number == 0 else "", literal(title(gain)) if number == 0 else "",
                literal(one.group), f"{one.users}", f"{one.base:.4f}", f"{one.new:.4f}", f"{one.estimate:+.5f}",
                f"{one.lower:+.5f} {one.upper:+.5f}", verdict(one),
            )  # fmt: skip
        table.add_section()
    return table


def note(found: KindGains) -> str:
    """What the table shows."""
    return (
        f"{found.metric}, test part, groups {found.policy}. difference: with - without the kind, or real - shuffled "
        "values, paired by user; intervals cover users and seeds and are not adjusted for the number of lines. helps, "
        "hurts: 0 is outside the interval. cold: items without train interactions."
    )


def title(gain: KindGain) -> str:
    """``added to tfidf (lightgcn features=tfidf+numbers, 5 and 5 runs)``"""
    base, new = gain.seeds
    return printable(f"{gain.against} ({gain.model}; {base} and {pluralize(new, 'run')})")


def verdict(one: GroupGain) -> str:
    """Whether the interval leaves no doubt."""
    better, worse = ("hurts", "helps") if one.less else ("helps", "hurts")
    return better if one.lower > 0 else worse if one.upper < 0 else ""


def markdown(found: KindGains) -> str:
    """One table, a line for each group."""
    rows = [HEADS, ("---",) * len(HEADS), *(tuple(_rounded(value) for value in row) for row in _rows(found))]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows) + f"\n\n{note(found)}\n"


def as_csv(found: KindGains) -> str:
    """All numbers, exact."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([HEADS, *_rows(found)])
    return text.getvalue()


def _rows(found: KindGains) -> list[tuple[Any, ...]]:
    return [
        (found.metric, gain.kind, gain.against, gain.model, one.group, one.users, one.base, one.new, one.estimate,
         one.lower, one.upper, f"{gain.seeds[0]}/{gain.seeds[1]}")
        for gain in found.gains
        for one in gain.groups
    ]  # fmt: skip


def _rounded(value: Any) -> str:
    return f"{value:.5f}" if isinstance(value, float) else str(value).replace("|", r"\|")
