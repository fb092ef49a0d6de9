"""The tables of a report: leaderboard, groups, all runs, users, cards, machines."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ltgnn.analysis.item_groups import not_scorable
from ltgnn.analysis.notes import number_sentences, weights_of
from ltgnn.analysis.report.gather import Configuration, Runs, command
from ltgnn.runs.checksums import warn_if_changed
from ltgnn.runs.run import Run

SHOWN_ITEMS = 10


@dataclass(frozen=True)
class Cell:
    """A number of the page: rounded, and exact."""

    text: str
    value: float | None = None
    sd: str = ""
    best: bool = False
    share: float = 0.0  # of the largest of its column


def groups_of(runs: Runs) -> list[str]:
    """The groups of the policy of the page that have values."""
    ending = f"/ndcg@{runs.k}"
    parts = [name.split("/") for run in runs.finished for name in run.test if name.endswith(ending)]
    return list(dict.fromkeys(p[1] for p in parts if len(p) == 3 and p[0] == runs.policy))


def columns(runs: Runs) -> list[tuple[str, str]]:
    """(value name, title) of the leaderboard."""
    k = runs.k
    listed = [(f"ndcg@{k}", f"NDCG@{k}"), *((f"{runs.policy}/{g}/ndcg@{k}", g) for g in groups_of(runs))]
    more = [(f"recall@{k}", f"Recall@{k}"), (f"coverage@{k}", f"Coverage@{k}")]
    return listed + [pair for pair in more if any(pair[0] in run.test for run in runs.finished)]


def cell(configuration: Configuration, name: str) -> Cell:
    """Mean over seeds, with the spread where there are several."""
    mean = configuration.side.mean(name)
    if mean is None:
        return Cell("–")
    if all(not_scorable(run, name) for run in configuration.side.runs):
        return Cell("not scorable")
    sd = configuration.side.sd(name)
    return Cell(f"{mean:.4f}", mean, "" if sd is None else f"± {sd:.4f}")


def leaderboard(runs: Runs) -> list[tuple[Configuration, list[Cell]]]:
    """Configurations by validation, the best first; the best of each column marked."""
    name = f"ndcg@{runs.k}"
    ranked = sorted(runs.configurations, key=lambda c: -(c.validation(name) or 0.0))
    rows = [(c, [cell(c, value) for value, _ in columns(runs)]) for c in ranked]
    tops = [
        max((one.value or 0.0 for one in column), default=0.0)
        for column in zip(*(cells for _, cells in rows), strict=True)
    ]
    return [(c, [_rank_cell(one, top, len(rows)) for one, top in zip(cells, tops, strict=True)]) for c, cells in rows]


def _rank_cell(one: Cell, top: float, rows: int) -> Cell:
    """The cell with its place among those of its column."""
    if not top or one.value is None:
        return one
    return replace(one, best=one.value == top and rows > 1, share=one.value / top)


def warnings(runs: Runs) -> list[str]:
    """What the runs recorded that a reader has to know, each once, with the configurations that it is about."""
    notes = [(c.number, text) for c in runs.configurations for run in c.side.runs for text in run.warnings]
    weights = [(c.number, f"weights: {words}") for c in runs.configurations if (words := weights_of(c.first.config))]
    return number_sentences([*notes, *weights]).splitlines()


def every_run(runs: Runs) -> Iterator[dict[str, Any]]:
    """One row per finished run."""
    name, policy = f"ndcg@{runs.k}", runs.policy
    for c in runs.configurations:
        for run in c.side.runs:
            test, selection = run.test, run.metrics.get("selection", {})
            yield {
                "number": c.number,
                "label": c.label,
                "seed": run.seed,
                "values": [test.get(value) for value in (name, f"{policy}/head/{name}", f"{policy}/tail/{name}")],
                "epoch": selection.get("epoch", "–"),
                "seconds": run.metrics.get("seconds", {}).get("total"),
                "folder": str(run.folder),
                "command": command(run),
            }


def users(runs: Runs, shown: Sequence[Configuration], policy: str) -> list[dict[str, Any]]:
    """Example users with their history and the list of each configuration; empty where no run has kept them."""
    source = next((run for run in runs.finished if (run.folder / "examples.json").is_file()), None)
    if source is None:
        return []
    return source.reading("examples.json", lambda _: _users(source, shown, policy))


def _users(source: Run, shown: Sequence[Configuration], policy: str) -> list[dict[str, Any]]:
    found, schema = source.json("examples.json"), source.schema("items.parquet")
    group = f"group_{policy}" if f"group_{policy}" in schema else None
    items = source.columns("items.parquet", ["title", "id", *([group] if group else [])])
    titles, ids = items["title"].to_list(), items["id"].to_list()
    groups = items[group].to_list() if group else [""] * len(titles)
    lists = {c.number: _lists(c, [user["user"] for user in found["users"]], len(titles)) for c in shown}

    def words(item: int, held: Sequence[int] = ()) -> dict[str, Any]:
        return {"title": titles[item] or f"item {ids[item]}", "group": groups[item], "hit": item in held}

    return [
        {
            **{key: user[key] for key in ("id", "size")},
            "order": found["order"],
            "history": [words(item) for item in user["history"]],
            "held_out": [words(item) for item in user["held_out"]],
            "lists": [
                (c, [words(item, user["held_out"]) for item in lists[c.number].get(user["user"], [])])
                for c in shown
                if lists[c.number]
            ],
        }
        for user in found["users"]
    ]


def _lists(configuration: Configuration, wanted: Sequence[int], known: int) -> dict[int, list[int]]:
    """User -> first items of the run's list; items are numbers below ``known``."""
    import polars as pl

    def read(file: Path) -> dict[int, list[int]]:
        lists = pl.scan_parquet(file, glob=False)
        rows = lists.filter(pl.col("user").is_in(list(wanted))).select("user", "items").collect()
        found = {user: [i for i in list(items)[:SHOWN_ITEMS] if i >= 0] for user, items in rows.iter_rows()}
        if any(item >= known for items in found.values() for item in items):
            raise ValueError(f"it lists items beyond the {known} of items.parquet")
        return found

    run = configuration.first
    warn_if_changed(run.folder, "topk.parquet")
    return run.reading("topk.parquet", read) if (run.folder / "topk.parquet").is_file() else {}


def cards(runs: Runs, file: str, keys: Sequence[str]) -> list[dict[str, Any]]:
    """Different cards of that name with their main facts: (facts, full text, number of runs)."""
    counted: dict[str, int] = {}
    for run in runs.finished:
        card = run.json(file)
        for key in ("seconds", "made", "command"):  # not what it is, but when it was made
            card.pop(key, None)
        if card:
            text = json.dumps(card, indent=1, ensure_ascii=False)
            counted[text] = counted.get(text, 0) + 1
    return [{"facts": facts(json.loads(text), keys), "text": text, "runs": n} for text, n in counted.items()]


def facts(card: Mapping[str, Any], keys: Sequence[str]) -> list[tuple[str, str]]:
    """The values at dotted keys, as text; those that the card has."""
    found = []
    for key in keys:
        value: Any = card
        for part in key.split("."):
            value = value.get(part) if isinstance(value, Mapping) else None
        if value not in (None, "", {}, []):
            found.append((key.replace(".", ": "), _words(value)))
    return found


def _words(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {_words(inner)}" for key, inner in value.items())
    if isinstance(value, list):
        return (" × " if all(isinstance(inner, int) for inner in value) else ", ").join(map(_words, value))
    if isinstance(value, float):
        return f"{value:.4g}"
    return f"{value:,}" if isinstance(value, int) else str(value)
