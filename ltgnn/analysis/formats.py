"""A comparison on paper: terminal, Markdown, LaTeX (booktabs) and CSV, the same numbers in each."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from typing import Any

from ltgnn.analysis.comparison import Cell, Comparison, Row
from ltgnn.analysis.item_groups import rule
from ltgnn.io.pluralize import pluralize
from ltgnn.io.spreadsheet import mark_formula
from ltgnn.io.terminal import literal, printable

STARS = "* < 0.05, ** < 0.01, *** < 0.001"


def note(table: Comparison, bold: bool = True) -> str:
    """What the reader has to know to read the numbers; ``bold``: where they are shown has bold type."""
    seeds = sorted({len(row.side.runs) for row in table.rows})
    least = "" if len(seeds) == 1 else f"{seeds[0]} to "
    best = "; best of each column bold" if bold else ""
    several = f"{least}{pluralize(seeds[-1], 'run')}"
    lines = [f"Test part, mean ± standard deviation over {several} of a configuration{best}."]
    if table.baseline:
        options = ", ".join(f"{group}={option}" for group, option in table.baseline.items())
        adjusted = {"holm": "Holm's", "bh": "Benjamini and Hochberg's", "none": "no"}[table.correction]
        tests = sum(cell is not None and cell.p is not None for row in table.rows for cell in row.cells)
        lines.append(
            f"Δ: against the same configuration with {options}. Two-sided tests over users and seeds, p {STARS}, with "
            f"{adjusted} correction for {pluralize(tests, 'test')}."
        )
        if table.one_seed:
            shown = "; ".join(table.one_seed[:4]) + (" ..." if len(table.one_seed) > 4 else "")
            lines.append(f"One seed only, so that the tests cover only its users: {shown}.")
    runs = [run for row in table.rows for run in row.side.runs]
    policies = list(dict.fromkeys(name.split("/")[0] for name in table.names if name.count("/") == 2))
    lines += [f"Groups {rule(runs, policy)}." for policy in policies]
    if table.left_out:
        lines.append(f"Left out: {', '.join(table.left_out)}.")
    lines += [f"Warning ({about}): {text}" for text, about in _warnings(table).items()]
    return "\n".join(map(printable, lines))


def _warnings(table: Comparison) -> dict[str, str]:
    """Each warning of a run once, with the configurations that it is about."""
    found: dict[str, dict[str, None]] = {}
    for row in table.rows:
        for text in (text for run in row.side.runs for text in run.warnings):
            found.setdefault(text, {})[" ".join(row.options)] = None
    return {text: "; ".join(about) for text, about in found.items()}


def terminal(table: Comparison) -> Any:
    """A rich table."""
    from rich import box
    from rich.table import Table

    drawn = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for group in table.keys:
        drawn.add_column(literal(group), no_wrap=True)
    for name in table.names:
        drawn.add_column(literal(name), justify="right", no_wrap=True)
        if table.baseline:
            drawn.add_column("Δ", justify="left", no_wrap=True)
    for row in table.rows:
        numbers = list(map(literal, _cells(table, row, str)))
        for cell, number in zip(row.cells, numbers[:: 2 if table.baseline else 1], strict=True):
            number.stylize("bold green" if cell is not None and cell.best else "")
        drawn.add_row(*map(literal, row.options), *numbers)
    return drawn


def markdown(table: Comparison) -> str:
    """A table in GitHub's Markdown, with its note."""
    head = [*table.keys, *_heads(table, "Δ")]
    lines = [markdown_row(head), markdown_row(["---"] * len(table.keys) + ["---:"] * (len(head) - len(table.keys)))]
    for row in table.rows:
        cells = _cells(table, row, "**{}**".format, delta=lambda text: text.replace("*", r"\*"))
        lines.append(markdown_row([*row.options, *cells]))
    return "\n".join(lines) + "\n\n" + note(table).replace("*", r"\*") + "\n"


def latex(table: Comparison) -> str:
    """A ``tabular`` with booktabs rules; the document needs \\usepackage{booktabs}."""
    head = [*map(tex, table.keys), *(tex(text) if text != "Δ" else r"$\Delta$" for text in _heads(table, "Δ"))]
    columns = "l" * len(table.keys) + ("rl" if table.baseline else "r") * len(table.names)
    lines = [f"% {line}" for line in note(table).splitlines()]
    lines += [r"\begin{tabular}{" + columns + "}", r"\toprule", " & ".join(head) + r" \\", r"\midrule"]
    for row in table.rows:
        cells = _cells(table, row, r"\textbf{{{}}}".format, delta=_tex_delta)
        cells = [cell.replace("±", r"$\pm$") for cell in cells]
        lines.append(" & ".join([*map(tex, row.options), *cells]) + r" \\")
    return "\n".join([*lines, r"\bottomrule", r"\end{tabular}"]) + "\n"


def _cells(table: Comparison, row: Row, bold: Callable[[str], str], delta: Callable[[str], str] = str) -> list[str]:
    """The numbers of a row, the best of a column ``bold``, each before its difference to the baseline, if any."""
    cells: list[str] = []
    for cell in row.cells:
        number = _number(cell)
        cells.append(bold(number) if cell is not None and cell.best else number)
        if table.baseline:
            cells.append(delta(_delta(cell)))
    return cells


def _tex_delta(text: str) -> str:
    digits = text.rstrip("*")
    stars = text[len(digits) :]
    return f"${digits}^{{{stars}}}$" if stars else f"${digits}$" if digits else ""


def as_csv(table: Comparison) -> str:
    """One line per configuration and value, all digits."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([*table.keys, "value", "mean", "sd", "seeds", "best", "base", "delta", "p", "p_adjusted"])
    for row in table.rows:
        for name, cell in zip(table.names, row.cells, strict=True):
            if cell is not None:
                numbers = [cell.mean, cell.sd, cell.seeds, int(cell.best), cell.base, cell.delta, cell.p]
                writer.writerow(
                    [
                        *map(mark_formula, row.options),
                        name,
                        *("" if n is None else n for n in [*numbers, cell.p_adjusted]),
                    ]
                )
    return out.getvalue()


def _heads(table: Comparison, delta: str) -> list[str]:
    return [text for name in table.names for text in ([name, delta] if table.baseline else [name])]


def _number(cell: Cell | None) -> str:
    if cell is None:
        return "-"
    if not cell.scorable:
        return "not scorable"
    return f"{cell.mean:.4f}" if cell.sd is None else f"{cell.mean:.4f} ± {cell.sd:.4f}"


def _delta(cell: Cell | None) -> str:
    return "" if cell is None or cell.delta is None or not cell.scorable else f"{cell.delta:+.4f}{cell.stars}"


def markdown_row(cells: Sequence[str]) -> str:
    """A line of a Markdown table."""
    return "| " + " | ".join(printable(text).replace("|", r"\|") for text in cells) + " |"


def tex(text: str) -> str:
    """``text`` with LaTeX's special characters escaped."""
    special = {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"}
    return "".join(special.get(c, rf"\{c}" if c in "&%$#_{}" else c) for c in printable(text))
