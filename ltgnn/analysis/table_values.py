"""Which values a table shows: chosen by metric and group, named for people and for machines, sorted."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ltgnn.analysis import item_groups
from ltgnn.analysis.labels import differing_keys
from ltgnn.analysis.rows import Row
from ltgnn.runs.run import Run
from ltgnn.types import UserError

TITLES = {
    "ndcg": "NDCG", "mrr": "MRR", "map": "MAP", "hr": "HR", "f1": "F1", "arp": "ARP", "ild": "ILD", "efd": "EFD",
    "epc": "EPC", "auc": "AUC", "pru": "PRU",
}  # fmt: skip
"""Metrics whose names are capitals; others begin with one."""

ALL = "all"


@dataclass(frozen=True)
class Column:
    """A value of the test part (``val/...``: of the validation part)."""

    name: str  # as in metrics.json
    metric: str  # ``NDCG@20``
    group: str  # ``tail``; "all" for all items, "" where the metric has no groups


@dataclass(frozen=True)
class Selection:
    """What ``--metric``, ``--group`` and ``--policy`` ask for; empty: what is usual."""

    metrics: Sequence[str] = ()
    groups: Sequence[str] = ()
    policy: str | None = None


def columns_of(rows: Sequence[Row], chosen: Selection) -> list[Column]:
    """The columns of a table, those of one metric side by side; ``UserError`` for a metric or group that no row has.

    Usual are NDCG and Recall of all items and of each group, and the coverage.
    """
    runs = [run for row in rows for run in row.runs]
    policy, k = item_groups.policy_of(runs, chosen.policy, any_kind=True), item_groups.list_length(runs)
    groups = [ALL, *item_groups.card(runs, policy)["sizes"]]
    if wrong := [group for group in chosen.groups if group not in groups]:
        raise UserError(f"--group {wrong[0]}: the groups of {policy} are {', '.join(groups)}")
    known = list(dict.fromkeys(name for run in runs for name in _values(run)))
    if not chosen.metrics:
        shown = chosen.groups or groups
        found = [column for metric in ("ndcg", "recall") for column in _by_group(f"{metric}@{k}", policy, shown)]
        return [*found, Column(f"coverage@{k}", title(f"coverage@{k}"), "")]
    found = []
    for asked in chosen.metrics:
        name = asked if "@" in asked or asked in known else f"{asked}@{k}"
        grouped = "/" not in name and any(f"{policy}/{group}/{name}" in known for group in groups[1:])
        several = _by_group(name, policy, chosen.groups or groups) if grouped else [Column(name, title(name), "")]
        if not any(column.name in known for column in several):
            near = difflib.get_close_matches(name, known, 3, 0.5)
            raise UserError(
                f"--metric {asked}: no run has the value {name}."
                + (f" Near to it: {', '.join(near)}." if near else " `--format json --metric every` shows all names.")
            )
        found += several
    return found


def every_column(rows: Sequence[Row]) -> list[Column]:
    """All values of the test part."""
    names = dict.fromkeys(name for row in rows for run in row.runs for name in run.test)
    return [Column(name, title(name), "") for name in names]


def title(name: str) -> str:
    """``NDCG@20``; a name with its policy and group stays as it is."""
    if "/" in name:
        return name
    metric, at, k = name.partition("@")
    return TITLES.get(metric, metric.replace("_", " ").capitalize()) + at + k


def mean(row: Row, name: str) -> float | None:
    """Mean over seeds of a value of the test part, or with ``val/`` before it of the validation part."""
    if name.startswith("val/"):
        return row.validation(name[4:])
    return row.side.mean(name)


def standard_deviation(row: Row, name: str) -> float | None:
    """Standard deviation over seeds; None for one of them."""
    if not name.startswith("val/"):
        return row.side.sd(name)
    values = [run.metrics.get("val", {}).get(name[4:]) for run in row.runs]
    return None if len(values) < 2 or None in values else float(np.std(values, ddof=1))


def sort_rows(rows: Sequence[Row], by: str, columns: Sequence[Column]) -> list[Row]:
    """The best first, rows without the value last; ``by``: a value, a group of the first metric, or ``label``."""
    if by == "label":
        return sorted(rows, key=lambda row: row.label)
    runs = [run for row in rows for run in row.runs]
    names = {column.name: column.name for column in columns}
    names |= {column.group: column.name for column in reversed(columns) if column.group}
    k = item_groups.list_length(runs)
    names |= {by_k: by_k for row in rows for run in row.runs for by_k in _values(run) if by_k in (by, f"{by}@{k}")}
    name = names.get(by) or names.get(f"{by}@{k}") or ("seconds" if by in ("sec", "seconds") else None)
    if name is None:
        listed = ", ".join(dict.fromkeys(column.group or column.name for column in columns))
        raise UserError(f"--sort {by}: a value such as ndcg@20, label, seconds, or one of {listed} wanted")
    if name == "seconds":
        return sorted(rows, key=lambda row: (seconds(row) is None, seconds(row) or 0.0))
    less = any(row.side.smaller(name) for row in rows)
    values = {id(row): mean(row, name) if row.done else None for row in rows}

    def place(row: Row) -> tuple[bool, float]:
        value = values[id(row)]
        return value is None, 0.0 if value is None else value if less else -value

    return sorted(rows, key=place)


def seconds(row: Row) -> float | None:
    """Mean over the runs; None where one has not recorded it."""
    taken = [run.metrics.get("seconds", {}).get("total") for run in row.runs]
    return None if None in taken else sum(taken) / len(taken)


def records(rows: Sequence[Row], names: Sequence[str]) -> list[dict[str, Any]]:
    """One flat dict for each row, in full precision: what was chosen, then each value with its spread.

    Keys: ``number``, ``label``, the options that differ among the rows by their keys (``fusion``), ``runs``,
    ``seeds``, each value by its name in metrics.json and ``NAME_sd`` (None for one run), ``seconds``, ``state``,
    ``folders``. A value is None where a run lacks it or its model can score no item of the group.
    """
    runs = [run for row in rows for run in row.runs]
    keys = differing_keys(runs) if runs else ()
    found = []
    for row in rows:
        values: dict[str, Any] = {}
        for name in names:
            hidden = not row.done or all(item_groups.not_scorable(run, name) for run in row.runs)
            average = None if hidden else mean(row, name)
            values[name], values[f"{name}_sd"] = average, None if average is None else standard_deviation(row, name)
        found.append({
            "number": row.number, "label": row.label, **{key: row.first.option(key) for key in keys},
            "runs": len(row.runs), "seeds": [run.seed for run in row.runs], **values, "seconds": seconds(row),
            "state": row.first.state, "folders": [str(run.folder) for run in row.runs],
        })  # fmt: skip
    return found


def _by_group(name: str, policy: str, groups: Sequence[str]) -> list[Column]:
    return [Column(name if g == ALL else f"{policy}/{g}/{name}", title(name), g) for g in groups]


def _values(run: Run) -> list[str]:
    """Names of the values of a run, those of the validation part with ``val/`` before them."""
    return [*run.test, *(f"val/{name}" for name in run.metrics.get("val", {}))]
