"""A table as a document: CSV and JSON in full precision for programs, Markdown and LaTeX for papers."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from typing import Any

from ltgnn.analysis import item_groups
from ltgnn.analysis.formats import markdown_row, tex
from ltgnn.analysis.rows import Row, short, splits
from ltgnn.analysis.table_values import Column, mean, records, standard_deviation
from ltgnn.io.spreadsheet import mark_formula

FORMATS = {"csv": ".csv", "md": ".md", "latex": ".tex", "json": ".json"}
"""Formats and the endings of their files."""


def document(rows: Sequence[Row], columns: Sequence[Column], policy: str, kind: str) -> str:
    """The table in one of ``FORMATS``."""
    makers = {"csv": as_csv, "json": as_json, "md": as_markdown, "latex": as_latex}
    return makers[kind](rows, columns, policy)


def as_csv(rows: Sequence[Row], columns: Sequence[Column], policy: str) -> str:
    """A line for each row; lists with blanks between; a text that a spreadsheet would run begins with an apostrophe."""
    out = io.StringIO()
    found = records(rows, [column.name for column in columns])
    writer = csv.DictWriter(out, list(found[0]) if found else [], lineterminator="\n")
    writer.writeheader()
    for record in found:
        writer.writerow({key: _cell(value) for key, value in record.items()})
    return out.getvalue()


def as_json(rows: Sequence[Row], columns: Sequence[Column], policy: str) -> str:
    """``{"part", "policy", "rule", "sizes", "rows": [...]}``"""
    runs = [run for row in rows for run in row.runs]
    card = item_groups.card(runs, policy)
    record = {"part": "test", "policy": policy, "rule": card["rule"], "sizes": card["sizes"],
             "rows": records(rows, [column.name for column in columns])}  # fmt: skip
    return json.dumps(record, indent=1, ensure_ascii=False) + "\n"


def as_markdown(rows: Sequence[Row], columns: Sequence[Column], policy: str) -> str:
    """A table in GitHub's Markdown, the best of a column bold, with its caption."""
    head = ["configuration", "runs", *(_head(column) for column in columns)]
    lines = [markdown_row(head), markdown_row(["---", *["---:"] * (len(head) - 1)])]
    best = best_of(rows, columns)
    for row in rows:
        cells = [f"**{cell}**" if top else cell for cell, top in _cells(row, columns, best)]
        lines.append(markdown_row([row.label, str(len(row.runs)), *cells]))
    return "\n".join([*lines, "", caption(rows, policy, "bold")]) + "\n"


def as_latex(rows: Sequence[Row], columns: Sequence[Column], policy: str) -> str:
    """A ``tabular`` with booktabs rules, a metric over its groups; the document needs \\usepackage{booktabs}."""
    spans: list[tuple[str, int]] = []
    for column in columns:
        if spans and spans[-1][0] == column.metric and column.group:
            spans[-1] = (column.metric, spans[-1][1] + 1)
        else:
            spans.append((column.metric, 1))
    over = " & ".join(["", *(rf"\multicolumn{{{n}}}{{c}}{{{tex(text)}}}" for text, n in spans)])
    rules, start = [], 2
    for _, width in spans:
        rules.append(rf"\cmidrule(lr){{{start}-{start + width - 1}}}")
        start += width
    lines = [f"% {caption(rows, policy, 'bold')}", r"\begin{tabular}{l" + "r" * len(columns) + "}", r"\toprule",
             over + r" \\", "".join(rules),
             " & ".join(["configuration", *(tex(c.group) for c in columns)]) + r" \\", r"\midrule"]  # fmt: skip
    best = best_of(rows, columns)
    for row in rows:
        cells = [rf"\textbf{{{tex(cell)}}}" if top else tex(cell) for cell, top in _cells(row, columns, best)]
        lines.append(" & ".join([tex(row.label), *(cell.replace("±", r"$\pm$") for cell in cells)]) + r" \\")
    return "\n".join([*lines, r"\bottomrule", r"\end{tabular}"]) + "\n"


def best_of(rows: Sequence[Row], columns: Sequence[Column]) -> dict[str, float]:
    """The best mean of each column, where several rows can be compared and one stands out."""
    done = [row for row in rows if row.done]
    if len(done) < 2 or splits(rows) > 1:
        return {}
    found = {}
    for column in columns:
        values = [value for row in done if (value := mean(row, column.name)) is not None]
        less = any(row.side.smaller(column.name) for row in done)
        if len(set(values)) > 1:
            found[column.name] = (min if less else max)(values)
    return found


def caption(rows: Sequence[Row], policy: str, best: str) -> str:
    """What the reader has to know to read the numbers."""
    runs = [run for row in rows for run in row.runs]
    several = (
        "mean ± standard deviation over the runs of a configuration, " if any(len(r.runs) > 1 for r in rows) else ""
    )
    return f"Test part, {several}best of each column {best}. Groups {item_groups.rule(runs, policy)}."


def _cells(row: Row, columns: Sequence[Column], best: dict[str, float]) -> list[tuple[str, bool]]:
    """Text of each cell, and whether it is the best of its column."""
    if not row.done:
        return [(row.first.state if n == 0 else "-", False) for n in range(len(columns))]
    return [(cell_text(row, c.name), c.name in best and mean(row, c.name) == best[c.name]) for c in columns]


def cell_text(row: Row, name: str) -> str:
    """The value as shown."""
    if name.startswith("val/"):
        value, sd = mean(row, name), standard_deviation(row, name)
        return "-" if value is None else short(value) + (f" ±{short(sd)}" if sd is not None else "")
    return row.cell(name)


def _head(column: Column) -> str:
    return f"{column.metric} {column.group}".strip()


def _cell(value: Any) -> Any:
    if isinstance(value, list):
        return mark_formula(" ".join(map(str, value)))
    return mark_formula(value) if isinstance(value, str) else value
