"""The analyses of variance of a comparison on paper: terminal, Markdown, LaTeX (booktabs) and CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any

from ltgnn.analysis.anova import RESIDUAL, Effect
from ltgnn.analysis.formats import markdown_row, tex
from ltgnn.io.spreadsheet import mark_formula
from ltgnn.io.terminal import literal

Effects = Mapping[str, Sequence[Effect]]
"""Name of a value -> its effects."""

TITLE = "Which config group explains the variance over the runs (share of the sum of squares, p of the F test)"
REST = "residual: seeds and the rest"


def terminal(found: Effects) -> Any:
    """A rich table of all values."""
    from rich import box
    from rich.table import Table

    drawn = Table(title=TITLE, title_justify="left", title_style="", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    drawn.add_column("config group", no_wrap=True)
    drawn.add_column("df", justify="right")
    for name in found:
        drawn.add_column(literal(name), justify="right", no_wrap=True)
        drawn.add_column("p", justify="right", no_wrap=True)
    for row in _rows(found):
        drawn.add_row(*map(literal, row))
    return drawn


def markdown(found: Effects) -> str:
    """A table in GitHub's Markdown."""
    head = ["config group", "df", *(title for name in found for title in (name, "p"))]
    lines = [markdown_row(head), markdown_row(["---"] + ["---:"] * (len(head) - 1)), *map(markdown_row, _rows(found))]
    return f"{TITLE}:\n\n" + "\n".join(lines) + "\n"


def latex(found: Effects) -> str:
    """A ``tabular`` with booktabs rules."""
    head = ["config group", "df", *(title for name in found for title in (tex(name), "$p$"))]
    lines = [f"% {TITLE}", r"\begin{tabular}{l" + "r" * (len(head) - 1) + "}", r"\toprule", " & ".join(head) + r" \\"]
    lines.append(r"\midrule")
    for group, *cells in _rows(found):
        lines.append(" & ".join([tex(group).replace(" x ", r" $\times$ "), *map(tex, cells)]) + r" \\")
    return "\n".join([*lines, r"\bottomrule", r"\end{tabular}"]) + "\n"


def as_csv(found: Effects) -> str:
    """One line per value and effect, all digits."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["value", "effect", "df", "squares", "share", "F", "p"])
    for name, several in found.items():
        for e in several:
            numbers = [e.freedom, e.squares, e.share, e.f, e.p]
            writer.writerow([name, mark_formula(e.name), *("" if number is None else number for number in numbers)])
    return out.getvalue()


def _rows(found: Effects) -> list[list[str]]:
    """Config group, degrees of freedom, and share and p of each value; the residual last."""
    freedom = {effect.name: effect.freedom for several in found.values() for effect in several}
    known = {(name, effect.name): effect for name, several in found.items() for effect in several}
    rows = []
    for group in sorted(freedom, key=lambda group: group == RESIDUAL):
        row = [REST if group == RESIDUAL else group, f"{freedom[group]}"]
        for name in found:
            effect = known.get((name, group))
            row.append(f"{effect.share:.1%}" if effect else "-")
            row.append(f"{effect.p:.2g}" if effect and effect.p is not None else "")
        rows.append(row)
    return rows
