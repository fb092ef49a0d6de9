"""The tables of a report: leaderboard, groups, all runs, users, cards, machines."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ltgnn.runs.checksums import warn_if_changed
from ltgnn.runs.folder import RunFolder
from ltgnn.runs.report.gather import Configuration, Runs, command

SHOWN_ITEMS = 10


@dataclass(frozen=True)
class Cell:
    """A number of the page: as shown, and whole."""

    text: str
    value: float | None = None
    sd: str = ""
    best: bool = False
    share: float = 0.0  # of the largest of its column


def policy_of(runs: Runs) -> tuple[str, list[str]]:
    """The policy of the columns (``mass`` where there is one) and its groups, as the values name them."""
    names = [name.split("/") for name in runs.finished[0].metrics["test"] if name.endswith(f"/ndcg@{runs.k}")]
    groups: dict[str, list[str]] = {}
    for parts in names:
        if len(parts) == 3 and parts[0] in (runs.finished[0].metrics.get("groups") or {parts[0]: None}):
            groups.setdefault(parts[0], []).append(parts[1])
    if not groups:
        return "", []
    policy = "mass" if "mass" in groups else next(iter(groups))
    return policy, groups[policy]


def columns(runs: Runs) -> list[tuple[str, str]]:
    """(value name, words) of the leaderboard."""
    k, (policy, groups) = runs.k, policy_of(runs)
    listed = [(f"ndcg@{k}", f"NDCG@{k}"), *((f"{policy}/{g}/ndcg@{k}", g) for g in groups)]
    more = [(f"recall@{k}", f"Recall@{k}"), (f"coverage@{k}", f"Coverage@{k}")]
    return listed + [pair for pair in more if any(pair[0] in run.metrics["test"] for run in runs.finished)]


def cell(configuration: Configuration, name: str) -> Cell:
    """Mean over seeds, with the spread where there are several."""
    mean = configuration.side.mean(name)
    if mean is None:
        return Cell("–")
    tests = [run.metrics["test"] for run in configuration.side.runs]
    unknown = "/".join([*name.split("/")[:-1], "not_scorable"])
    if mean == 0 and all(unknown in test for test in tests):
        return Cell("not scorable")
    spread = configuration.side.values(name)
    sd = f"± {spread.std(ddof=1):.4f}" if len(spread) > 1 else ""
    return Cell(f"{mean:.4f}", mean, sd)


def leaderboard(runs: Runs) -> list[tuple[Configuration, list[Cell]]]:
    """Configurations by validation, the best first; the best of each column marked."""
    name = f"ndcg@{runs.k}"
    ranked = sorted(runs.configurations, key=lambda c: -(c.validation(name) or 0.0))
    rows = [(c, [cell(c, value) for value, _ in columns(runs)]) for c in ranked]
    tops = [
        max((one.value or 0.0 for one in column), default=0.0)
        for column in zip(*(cells for _, cells in rows), strict=True)
    ]
    return [(c, [_ranked(one, top, len(rows)) for one, top in zip(cells, tops, strict=True)]) for c, cells in rows]


def _ranked(one: Cell, top: float, rows: int) -> Cell:
    """The cell with its place among those of its column."""
    if not top or one.value is None:
        return one
    return replace(one, best=one.value == top and rows > 1, share=one.value / top)


def every_run(runs: Runs) -> Iterator[dict[str, Any]]:
    """One row per finished run."""
    name, (policy, _) = f"ndcg@{runs.k}", policy_of(runs)
    for c in runs.configurations:
        for run in c.side.runs:
            test, selection = run.metrics["test"], run.metrics.get("selection", {})
            yield {
                "number": c.number,
                "label": c.label,
                "seed": run.seed,
                "values": [test.get(value) for value in (name, f"{policy}/head/{name}", f"{policy}/tail/{name}")],
                "epoch": selection.get("epoch", "–"),
                "seconds": run.metrics.get("seconds", {}).get("total"),
                "folder": str(run.folder),
                "command": command(run.folder),
            }


def users(runs: Runs, shown: Sequence[Configuration], policy: str) -> list[dict[str, Any]]:
    """Example users with their history and the list of each configuration; empty where no run has kept them."""
    import polars as pl

    source = next((run.folder for run in runs.finished if (run.folder / "examples.json").is_file()), None)
    if source is None:
        return []
    found = RunFolder(source).read_json("examples.json")
    items = pl.read_parquet(source / "items.parquet")
    group = f"group_{policy}" if f"group_{policy}" in items.columns else None
    titles, ids = items["title"].to_list(), items["id"].to_list()
    groups = items[group].to_list() if group else [""] * len(titles)
    lists = {c.number: _lists(c, [user["user"] for user in found["users"]]) for c in shown}

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


def _lists(configuration: Configuration, wanted: Sequence[int]) -> dict[int, list[int]]:
    import polars as pl

    file = configuration.first.folder / "topk.parquet"
    if not file.is_file():
        return {}
    warn_if_changed(file.parent, file.name)
    rows = pl.scan_parquet(file).filter(pl.col("user").is_in(list(wanted))).select("user", "items").collect()
    return {user: [i for i in list(items)[:SHOWN_ITEMS] if i >= 0] for user, items in rows.iter_rows()}


def cards(runs: Runs, file: str, keys: Sequence[str]) -> list[dict[str, Any]]:
    """Different cards of that name with their main facts: (facts, whole text, how many runs have it)."""
    counted: dict[str, int] = {}
    for run in runs.finished:
        card = RunFolder(run.folder).read_json(file)
        for key in ("seconds", "made", "command"):  # not what it is, but when it was made
            card.pop(key, None)
        if card:
            text = json.dumps(card, indent=1, ensure_ascii=False)
            counted[text] = counted.get(text, 0) + 1
    return [{"facts": facts(json.loads(text), keys), "text": text, "runs": n} for text, n in counted.items()]


def facts(card: Mapping[str, Any], keys: Sequence[str]) -> list[tuple[str, str]]:
    """The values at dotted keys, as words; those that the card has."""
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
