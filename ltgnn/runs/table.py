"""Runs side by side: head, mid, tail and cold, the best of each column marked, and the answer in a sentence."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hydra.experimental.callback import Callback
from omegaconf import DictConfig

from ltgnn.runs.folder import RunFolder
from ltgnn.runs.other_data import data_note
from ltgnn.runs.reads_text import uses_text
from ltgnn.types import Mistake

USUAL = 20
METRICS = (("NDCG", "ndcg"), ("Recall", "recall"))
QUIET_KEYS = ("seed",)

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Row:
    """One finished or failed run."""

    folder: Path
    config: dict[str, Any]
    metrics: dict[str, Any]
    state: str
    error: str

    @property
    def test(self) -> dict[str, float]:
        values: dict[str, float] = self.metrics.get("test", {})
        return values


def read(folders: Sequence[Path]) -> list[Row]:
    """Every run folder among ``folders`` or directly below them, in order of name."""
    found: list[Row] = []
    for top in folders:
        inner = sorted(path.parent for path in top.glob("*/status.json"))
        for folder in [top] if (top / "status.json").is_file() else inner:
            run = RunFolder(folder)
            status = run.read_json("status.json")
            found.append(
                Row(folder, run.recipe(), run.read_json("metrics.json"), status["state"], status.get("error", ""))
            )
    if not found:
        given = ", ".join(map(str, folders))
        raise Mistake(f"no run folder (with a status.json) in: {given}. Give the folder of a run or of a sweep.")
    return found


def labels(rows: Sequence[Row]) -> list[str]:
    """What tells the runs apart: the choices and root knobs that differ among them."""
    described = [
        {**{k: v for k, v in r.config.items() if not isinstance(v, dict)}, **r.config["choices"]} for r in rows
    ]
    for d in described:  # of `ltgnn evaluate`: each override of a run as a key of its own
        d.update(pair.partition("=")[::2] for pair in str(d.pop("changed", "")).split())
    keys = [
        k
        for k in {k: None for d in described for k in d}
        if k != "tags" and len({str(d.get(k)) for d in described}) > 1
    ]
    if any(d.get("task") == "ensemble" for d in described):  # it has no knobs of training that could tell it apart
        keys = [k for k in keys if k != "task" and all(k in d for d in described)]
        keys.sort(key=lambda k: k not in ("model", "fusion", "loss"))
    keys = keys or ["model", "fusion", "loss"]
    if "experiment" in keys:  # an experiment says it all; what it sets need not be repeated
        keys = ["experiment"] + [k for k in keys if k in QUIET_KEYS]
    short = [
        " ".join(f"{d.get(k)}" if k in ("experiment", "model", "fusion", "loss") else f"{k}={d.get(k)}" for k in keys)
        for d in described
    ]
    return [text.removeprefix("quickstart/") for text in short]


def list_length(rows: Sequence[Row]) -> int:
    """The K of the table: 20, or the longest that all finished runs have (``eval.ks``)."""
    known = [{int(name[5:]) for name in row.test if name.startswith("ndcg@")} for row in rows if row.test]
    shared = set.intersection(*known) if known else set()
    return USUAL if USUAL in shared else max(shared, default=USUAL)


def columns(policy: str, names: Sequence[str], k: int) -> list[tuple[str, str, str]]:
    """(metric, group, value name) of each column; the metric is named once, over its first group."""
    groups = [("all", ""), *((name, f"{policy}/{name}/") for name in names)]
    return [
        (f"{title}@{k}" if group == "all" else "", group, f"{prefix}{metric}@{k}")
        for title, metric in METRICS
        for group, prefix in groups
    ]


def render(rows: Sequence[Row], policy: str = "mass") -> Any:
    """A rich table over the test part."""
    from rich import box
    from rich.table import Table

    done = [row for row in rows if row.test]
    groups: dict[str, Any] = group_card(done, policy)
    sizes = ", ".join(f"{name} {size}" for name, size in groups["sizes"].items())
    title = f"Test part, full ranking. Groups {groups['rule']}.\nItems: {sizes}. Best of each column: *"
    table = Table(title=title, title_justify="left", title_style="", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    table.add_column("#", justify="right", no_wrap=True)
    table.add_column("\nconfiguration", no_wrap=True)
    k = list_length(rows)
    shown = columns(policy, list(groups["sizes"]), k)
    for metric, group, _ in shown:
        table.add_column(f"{metric}\n{group} ", justify="right", no_wrap=True)
    table.add_column("cover-\nage ", justify="right", no_wrap=True)
    table.add_column("\nsec", justify="right", no_wrap=True)
    names = [name for _, _, name in shown] + [f"coverage@{k}"]
    best = {name: max((row.test[name] for row in done if name in row.test), default=0.0) for name in names}
    for number, (row, label) in enumerate(zip(rows, labels(rows), strict=True)):
        cells = [_cell(row, name, best[name] if len(done) > 1 else None) for name in names]
        seconds = f"{row.metrics['seconds']['total']:.0f}" if row.test else f"[red]{row.state}[/red]"
        table.add_row(str(number), label, *cells, seconds)
    return table


def group_card(rows: Sequence[Row], policy: str) -> dict[str, Any]:
    """Rule and sizes as recorded; where nobody recorded them (imported runs), the names that the values have."""
    for row in rows:
        if card := row.metrics.get("groups", {}).get(policy):
            found: dict[str, Any] = card
            return found
    parts = [name.split("/") for row in rows for name in row.test]
    names = {p[1]: "?" for p in parts if len(p) == 3 and p[0] == policy and p[2].startswith("ndcg@")}
    return {"rule": "not recorded", "sizes": names}


def _cell(row: Row, name: str, best: float | None) -> str:
    value = row.test.get(name)
    if value is None:
        return "- "
    if _not_scorable(row, name):
        return "not scorable "
    text = f"{value:.4f}".removeprefix("0")
    return f"[bold green]{text}*[/bold green]" if value == best and value > 0 else f"{text} "


def _not_scorable(row: Row, name: str) -> bool:
    """Whether a 0 comes from held-out items that the model does not know."""
    return row.test[name] == 0 and "/".join([*name.split("/")[:-1], "not_scorable"]) in row.test


def cold_note(rows: Sequence[Row]) -> str:
    """Which runs could not score items without a train interaction, and how many test pairs they missed by that."""
    lines = []
    for number, row in enumerate(rows):
        cold = row.metrics.get("cold_items", {})
        if unknown := int(row.test.get("not_scorable", 0)):
            left = f"{cold['items'] - cold['scorable']:,} of {cold['items']:,}"
            lines.append(
                f"{number}: {left} cold items not scorable (no train interaction, no text path); "
                f"the {unknown:,} test pairs on them count as missed."
            )
    return "\n".join(lines)


def answer(rows: Sequence[Row], policy: str = "items20") -> str:
    """Does text help the tail, and what does the head pay? Both sides chosen by validation NDCG."""
    ndcg = f"ndcg@{list_length(rows)}"
    sides: dict[bool, list[Row]] = {True: [], False: []}
    for row in rows:
        if row.test and ndcg in row.metrics.get("val", {}):
            sides[uses_text(row.config, row.metrics)].append(row)
    if not all(sides.values()):
        return ""
    name = dict(zip((row.folder for row in rows), labels(rows), strict=True))
    text, ids = (max(sides[side], key=lambda row: row.metrics["val"][ndcg]) for side in (True, False))
    gains = {}
    for group, key in (("overall", ""), ("head", f"{policy}/head/"), ("tail", f"{policy}/tail/")):
        if key + ndcg not in ids.test:  # no held-out item in the group, as head and tail under split=cold_items
            continue
        before, after = ids.test[key + ndcg], text.test[key + ndcg]
        known = "not scorable" if _not_scorable(ids, key + ndcg) else f"{before:.4f}"
        gains[group] = f"{known} -> {after:.4f}" + (f" ({100 * (after / before - 1):+.1f} %)" if before else "")
    listed = ", ".join(f"{group} {gain}" for group, gain in gains.items())
    return (
        f"Best with text (by validation): {name[text.folder]}; best without: {name[ids.folder]}.\n"
        f"Test {ndcg.upper()}, {group_card([ids], policy)['rule']}: {listed}.\n"
        "One run of each, so no claim: `ltgnn claim` tests several seeds."
    )


def show(folders: Sequence[Path]) -> int:
    """Print table, answer, folders and failed jobs; the number of runs that neither finished nor were pruned."""
    from rich.console import Console

    rows = read(folders)
    console, table = Console(), render(rows)
    full = Console(width=1000).measure(table).maximum  # numbers are never cut: a narrow terminal wraps whole lines
    console = Console(width=max(console.width, full))
    console.print(table)
    if note := cold_note(rows):
        console.print(note, highlight=False, soft_wrap=True)
    if note := data_note([(row.config, row.metrics) for row in rows]):
        console.print(note, highlight=False, soft_wrap=True)
    if sentence := answer(rows):
        console.print(sentence, highlight=False, soft_wrap=True)
    for number, row in enumerate(rows):
        note = f"  [red]{row.state}: {row.error}[/red]" if row.state != "finished" else ""
        console.print(f"{number:>3} {row.folder}{note}", highlight=False, soft_wrap=True)
    return sum(row.state not in ("finished", "pruned") for row in rows)


class SweepTable(Callback):
    """Prints the table when a multirun ends, failed jobs included; for commands that sweep with Hydra's own sweeper."""

    def on_multirun_end(self, config: DictConfig, **kwargs: Any) -> None:
        show([Path(config.hydra.sweep.dir)])


def main(argv: Sequence[str]) -> int:
    """``ltgnn table DIR ...``"""
    import argparse

    parser = argparse.ArgumentParser(
        prog="ltgnn table", description="Runs side by side. Example: ltgnn table logs/train/multiruns/*"
    )
    parser.add_argument("folders", nargs="+", type=Path, help="folders of runs or of sweeps")
    return 1 if show(parser.parse_args(argv).folders) else 0
