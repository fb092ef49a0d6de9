"""Configurations side by side: head, tail and cold, the best of each column marked, and the answer in a sentence."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hydra.experimental.callback import Callback
from omegaconf import DictConfig

from ltgnn.analysis import item_groups
from ltgnn.analysis.notes import answer, cold_note, ensemble_note, warnings_note
from ltgnn.analysis.other_data import data_note
from ltgnn.analysis.rows import Row, rows_of, splits
from ltgnn.io.terminal import heading, literal, printable, say
from ltgnn.runs.reading import name_left_out, read_all, without_damaged

METRICS = (("NDCG", "ndcg"), ("Recall", "recall"))


def columns(policy: str, names: Sequence[str], k: int) -> list[tuple[str, str, str]]:
    """(metric, group, value name) of each column; the metric is named once, over its first group."""
    shown = [("all", ""), *((name, f"{policy}/{name}/") for name in names)]
    return [
        (f"{title}@{k}" if group == "all" else "", group, f"{prefix}{metric}@{k}")
        for title, metric in METRICS
        for group, prefix in shown
    ]


def render(rows: Sequence[Row], policy: str) -> Any:
    """A rich table over the test part."""
    from rich import box
    from rich.table import Table

    done = [row for row in rows if row.done]
    runs = [run for row in done for run in row.runs]
    several, marked = any(len(row.runs) > 1 for row in rows), len(done) > 1 and splits(rows) == 1
    spread = "Mean ± standard deviation over the runs of a configuration. " if several else ""
    best_of = "Best of each column: *" if marked else ""
    title = (
        f"Test part, full ranking. Groups {item_groups.rule(runs, policy)}.\n"
        f"Items: {item_groups.sizes(runs, policy)}. {spread}{best_of}"
    )
    table = Table(title=heading(title), title_justify="left", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    table.add_column("#", justify="right", no_wrap=True)
    table.add_column("\nconfiguration", no_wrap=True)
    if several:
        table.add_column("\nruns", justify="right", no_wrap=True)
    k = item_groups.list_length(runs)
    shown = columns(policy, list(item_groups.card(runs, policy)["sizes"]), k)
    for metric, group, _ in shown:
        table.add_column(heading(f"{printable(metric)}\n{printable(group)} "), justify="right", no_wrap=True)
    table.add_column("cover-\nage ", justify="right", no_wrap=True)
    table.add_column("\nsec", justify="right", no_wrap=True)
    names = [name for _, _, name in shown] + [f"coverage@{k}"]
    best = {name: max((mean for row in done if (mean := row.side.mean(name)) is not None), default=0) for name in names}
    for row in rows:
        cells = [_cell(row, name, best[name] if marked else None) for name in names]
        counted = [str(len(row.runs))] if several else []
        table.add_row(str(row.number), literal(row.label), *counted, *cells, _seconds(row))
    return table


def _cell(row: Row, name: str, best: float | None) -> Any:
    if not row.done:
        return literal("- ")
    text, mean = row.cell(name), row.side.mean(name)
    marked = best is not None and mean == best and best > 0
    return literal(f"{text}*", "bold green") if marked else literal(f"{text} ")


def _seconds(row: Row) -> Any:
    """Mean over the runs; of one without a result, its state."""
    if not row.done:
        return literal(row.first.state, "red")
    taken = [run.metrics.get("seconds", {}).get("total") for run in row.runs]
    return "-" if None in taken else f"{sum(taken) / len(taken):.0f}"


def show(folders: Sequence[Path], policy: str | None = None, single: bool = False) -> int:
    """Print table, answer, notes and folders; the number of runs that are damaged, or neither finished nor pruned.

    ``policy``: groups of items (default: items20); ``single``: a row for each run rather than means over seeds.
    """
    from rich.console import Console

    runs, damaged = read_all(folders, deep=False)
    rows = without_damaged(runs, lambda left: rows_of(left, single), damaged)
    kept = [run for row in rows for run in row.runs]
    policy = item_groups.policy_of(kept, policy)
    table = render(rows, policy)
    console = Console()
    full = Console(width=1000).measure(table).maximum  # numbers are never cut: a narrow terminal wraps lines
    console = Console(width=max(console.width, full))
    console.print(table)
    different = splits(rows)
    notes = [
        f"The rows were tested on {different} different splits: their numbers cannot be compared with each other."
        if different > 1
        else "",
        cold_note(rows),
        data_note([(row.first.config, row.first.metrics) for row in rows]),
        ensemble_note(rows),
        warnings_note(rows),
        answer(rows, policy, item_groups.list_length(kept)),
    ]
    for note in filter(None, notes):
        say(console, note)
    for row in rows:
        for run in row.runs:
            console.print(_place(row, run), soft_wrap=True)
    if damaged:
        say(console, name_left_out(damaged), "red")
    return len(damaged) + sum(run.state not in ("finished", "pruned") for row in rows for run in row.runs)


def _place(row: Row, run: Any) -> Any:
    """Number and folder of a run; of one that did not finish also why."""
    line = literal(f"{row.number:>3} {run.folder}")
    if run.state != "finished":
        line.append_text(literal(f"  {run.state}: {run.error}", "red"))
    return line


class SweepTable(Callback):
    """Prints the table when a multirun ends, failed jobs included; for commands that sweep with Hydra's own sweeper."""

    def on_multirun_end(self, config: DictConfig, **kwargs: Any) -> None:
        show([Path(config.hydra.sweep.dir)])
