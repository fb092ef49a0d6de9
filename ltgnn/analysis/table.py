"""Configurations side by side: head, tail and cold, the best of each column marked, and the answer in a sentence."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hydra.experimental.callback import Callback
from omegaconf import DictConfig

from ltgnn.analysis import item_groups
from ltgnn.analysis.notes import answer, cold_note, ensemble_note, no_pairs_note, warnings_note
from ltgnn.analysis.other_data import data_note
from ltgnn.analysis.rows import Row, rows_of, splits
from ltgnn.analysis.table_formats import best_of, cell_text
from ltgnn.analysis.table_values import Column, Selection, columns_of, every_column, mean, seconds, sort_rows
from ltgnn.config.metric_direction import metric_of
from ltgnn.io.terminal import WIDTH, heading, literal, printable, say
from ltgnn.runs.reading import name_left_out, read_all, without_damaged
from ltgnn.runs.run import DamagedRun, Run

USUAL = Selection()
"""The columns that are shown unless others are asked for."""


NARROW = 80
"""Narrowest block of a table in a terminal; the widest, and that elsewhere, has ``WIDTH``."""

LABEL, SHORT_LABEL = 44, 30
"""Characters of a label on one line; the short one where the usual columns would not fit otherwise."""


def header(rows: Sequence[Row], policy: str, width: int = WIDTH) -> str:
    """What the reader has to know to read the numbers, on lines of at most ``width`` characters."""
    done = [row for row in rows if row.done]
    if not done:
        return "No run has finished, so there are no values."
    runs = [run for row in done for run in row.runs]
    several = any(len(row.runs) > 1 for row in rows)
    spread = "Mean ± standard deviation over the runs of a configuration. " if several else ""
    best = "Best of each column: *" if len(done) > 1 and splits(rows) == 1 else ""
    lines = [
        f"Test part, full ranking. Groups {item_groups.rule(runs, policy)}.",
        f"{item_groups.counted(runs, policy)}: {item_groups.sizes(runs, policy)}. {spread}{best}".rstrip(),
    ]
    return fold("\n".join(map(printable, lines)), width)


def fold(text: str, width: int) -> str:
    """Lines of at most ``width`` characters, broken between words."""
    return "\n".join(textwrap.fill(line, width, break_long_words=False) for line in text.split("\n"))


def blocks(rows: Sequence[Row], columns: Sequence[Column], width: int = WIDTH, label: int = LABEL) -> list[Any]:
    """Rich tables of at most ``width`` columns, each with all rows: what does not fit beside stands below.

    Columns of one metric stay together as long as they fit. ``label``: characters of a label on one line.
    """
    sections: list[list[Column]] = []
    for column in columns:
        if sections and sections[-1][0].metric == column.metric and column.group:
            sections[-1].append(column)
        else:
            sections.append([column])
    packed: list[list[Column]] = [[]]
    for number, section in enumerate(sections):
        for part in [section] if fits_in(rows, section, width, label) else [[column] for column in section]:
            last = number == len(sections) - 1 and part[-1] is section[-1]
            if packed[-1] and not fits_in(rows, [*packed[-1], *part], width, label, last):
                packed.append([])
            packed[-1] += part
    return [_block(rows, part, label, with_seconds=n == len(packed) - 1) for n, part in enumerate(packed)]


def fits_in(rows: Sequence[Row], columns: Sequence[Column], width: int, label: int, last: bool = False) -> bool:
    from rich.console import Console

    return Console(width=1000).measure(_block(rows, columns, label, with_seconds=last)).maximum <= width


def _block(rows: Sequence[Row], columns: Sequence[Column], wrap: int, with_seconds: bool) -> Any:
    """One table; a metric is named once, over its first group."""
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    table.add_column("#", justify="right", no_wrap=True)
    table.add_column("\nconfiguration", no_wrap=True)
    several = any(len(row.runs) > 1 for row in rows)
    if several:
        table.add_column("\nruns", justify="right", no_wrap=True)
    before = ""
    for column in columns:
        metric = column.metric if column.metric != before or not column.group else ""
        before = column.metric
        table.add_column(_column_head(metric, column.group), justify="right", no_wrap=True)
    if with_seconds:
        table.add_column("\nsec", justify="right", no_wrap=True)
    best = best_of(rows, columns)
    for row in rows:
        cells = [_cell(row, column.name, best.get(column.name)) for column in columns]
        label = heading("\n".join(textwrap.wrap(row.label, wrap, break_on_hyphens=False)) or row.label)
        counted = [str(len(row.runs))] if several else []
        shown = [_seconds(row)] if with_seconds else []
        if not with_seconds and not row.done and cells:
            cells[0] = literal(f"{row.first.state} ", "red")
        table.add_row(str(row.number), label, *counted, *cells, *shown)
    return table


def _column_head(metric: str, group: str) -> Any:
    if group:
        return heading(f"{printable(metric)}\n{printable(group)} ")
    if metric.startswith("Coverage@"):
        return heading("cover-\nage ")
    policy, slash, rest = metric.rpartition("/")
    return heading(f"{printable(policy)}\n{printable(rest)} " if slash else f"\n{printable(metric)} ")


def _cell(row: Row, name: str, best: float | None) -> Any:
    if not row.done:
        return literal("- ")
    text = cell_text(row, name)
    marked = best is not None and best > 0 and mean(row, name) == best
    return literal(f"{text}*", "bold green") if marked else literal(f"{text} ")


def _seconds(row: Row) -> Any:
    """Mean over the runs; of one without a result, its state."""
    if not row.done:
        return literal(row.first.state, "red")
    taken = seconds(row)
    return "-" if taken is None else f"{taken:.0f}"


@dataclass(frozen=True)
class Table:
    """Rows and columns of a table, and what could not be read."""

    rows: list[Row]
    columns: list[Column]
    policy: str
    damaged: list[DamagedRun]

    @property
    def failures(self) -> int:
        """Runs that are damaged, or neither finished nor pruned."""
        states = [run.state for row in self.rows for run in row.runs]
        return len(self.damaged) + sum(state not in ("finished", "pruned") for state in states)


def read_table(folders: Sequence[Path], chosen: Selection, single: bool = False, sort: str = "") -> Table:
    """The runs in ``folders`` as a table; ``single``: a row for each run; ``sort``: see ``sort_rows``."""
    runs, damaged = read_all(folders, deep=False)

    def work(left: Sequence[Run]) -> tuple[list[Row], list[Column]]:
        rows = rows_of(left, single)
        columns = every_column(rows) if list(chosen.metrics) == ["every"] else columns_of(rows, chosen)
        return (sort_rows(rows, sort, columns) if sort else rows), columns

    rows, columns = without_damaged(runs, work, damaged)
    policy = item_groups.policy_of([run for row in rows for run in row.runs], chosen.policy, any_kind=True)
    return Table(rows, columns, policy, damaged)


def show(folders: Sequence[Path], chosen: Selection = USUAL, single: bool = False, sort: str = "") -> int:
    """Print table, answer, notes and folders; the number of runs that are damaged, or neither finished nor pruned."""
    from rich.console import Console

    table = read_table(folders, chosen, single, sort)
    rows, in_order = table.rows, sorted(table.rows, key=lambda row: row.number)
    console = Console()
    width = max(NARROW, min(WIDTH, console.width)) if console.is_terminal else WIDTH
    drawn, gone = _usual_blocks(table, width) if is_usual(chosen) else (blocks(rows, table.columns, width), [])
    full = max(Console(width=1000).measure(block).maximum for block in drawn)  # numbers are never cut
    console = Console(width=max(console.width, full, width))
    say(console, header(rows, table.policy, width))
    for block in drawn:
        console.print(block)
    different, all_runs = splits(rows), [run for row in rows for run in row.runs]
    notes = [
        f"Not shown for want of room: {' and '.join(gone)} (--metric {','.join(gone)})." if gone else "",
        f"The rows were tested on {different} different splits: their numbers cannot be compared with each other."
        if different > 1
        else "",
        no_pairs_note(in_order, table.columns),
        cold_note(in_order),
        data_note([(row.first.config, row.first.metrics) for row in in_order]),
        ensemble_note(in_order),
        warnings_note(in_order),
        answer(in_order, item_groups.of_items(all_runs, table.policy), item_groups.list_length(all_runs)),
    ]
    for note in filter(None, notes):
        say(console, fold(note, width) if console.is_terminal else note)
    for row in rows:
        for line in _places(row):
            console.print(line, soft_wrap=True)
    if table.damaged:
        say(console, name_left_out(table.damaged), "red")
    return table.failures


def is_usual(chosen: Selection) -> bool:
    """Whether no columns were asked for."""
    return not (chosen.metrics or chosen.groups)


def _usual_blocks(table: Table, width: int) -> tuple[list[Any], list[str]]:
    """One block if that can be: with shorter lines of the names, without Recall, without the coverage.

    The metrics that are left out, too.
    """
    gone: list[str] = []
    for metric in ("", "recall", "coverage"):
        gone += [metric] if metric else []
        columns = [column for column in table.columns if metric_of(column.name) not in gone]
        for label in (LABEL, SHORT_LABEL):
            drawn = blocks(table.rows, columns, width, label)
            if len(drawn) == 1:
                return drawn, gone
    return drawn, gone


def _places(row: Row) -> list[Any]:
    """Number and folders of a row: finished runs of one parent on a line; of one that did not finish also why."""
    lines: list[Any] = []
    parents: dict[Path, list[str]] = {}
    for run in row.runs:
        if run.state != "finished":
            line = literal(f"{row.number:>3} {run.folder}")
            line.append_text(literal(f"  {run.state}: {run.error}", "red"))
            lines.append(line)
        else:
            parents.setdefault(run.folder.parent, []).append(run.folder.name)
    lines += [literal(f"{row.number:>3} {parent / names[0]}{''.join(f', {name}' for name in names[1:])}")
              for parent, names in parents.items()]  # fmt: skip
    return lines


class SweepTable(Callback):
    """Prints the table when a multirun ends, failed jobs included; for commands that sweep with Hydra's own sweeper."""

    def on_multirun_end(self, config: DictConfig, **kwargs: Any) -> None:
        show([Path(config.hydra.sweep.dir)])
