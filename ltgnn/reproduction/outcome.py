"""The record of a published row that was trained: numbers, verdict, and where they come from."""

from __future__ import annotations

import csv
import datetime
from collections.abc import Sequence
from typing import Any

from ltgnn.reproduction.published_row import Plan, Row
from ltgnn.reproduction.verdict import Published, evaluate, worst
from ltgnn.runs.environment import cpu_model
from ltgnn.runs.folder import RunFolder
from ltgnn.types import UserError


def outcome(
    row: Row, plan: Plan, seeds: Sequence[int], folders: Sequence[RunFolder], fingerprint: str
) -> dict[str, Any]:
    """The record of a row: every seed's numbers, the verdict, and where they come from."""
    runs = []
    for seed, folder in zip(seeds, folders, strict=True):
        metrics, status = folder.read_json("metrics.json"), folder.read_json("status.json")
        if metrics["fingerprint"] != fingerprint:
            raise UserError(f"{row.name}, seed {seed}: {folder.path} was trained on another split; delete that folder.")
        numbers = [*plan.judged, *plan.shown]
        runs.append(
            {
                "seed": seed,
                "key": status["key"],
                "values": [{"metric": n.metric, "epoch": n.epoch, "value": value(folder, n)} for n in numbers],
                "selection": metrics["selection"],
                "minutes": round(metrics["seconds"]["total"] / 60, 2),
                "commit": folder.read_json("env.json").get("commit"),
                "ended": status["ended"],
            }
        )
    last = max(range(len(runs)), key=lambda place: float(runs[place]["ended"]))
    environment = folders[last].read_json("env.json")
    judged = [evaluate(number, [value(folder, number) for folder in folders]) for number in plan.judged]
    shown = [evaluate(number, [value(folder, number) for folder in folders]) for number in plan.shown]
    return {
        "row": row.name,
        "title": row.title,
        "kind": plan.kind,
        "verdict": worst(number.word for number in judged),
        "selection": row.selection,
        "judged": [number.to_dict() for number in judged],
        "shown": [{**number.to_dict(), "word": None} for number in shown],
        "runs": runs,
        "seeds_of_row": list(row.seeds),
        "fingerprint": fingerprint,
        "data": dict(row.data),
        "source": dict(row.source),
        "command": f"ltgnn reproduce {row.name}" + (" --smoke" if plan.kind == "smoke" else ""),
        "words": list(plan.words),
        "commit": environment.get("commit"),
        "minutes": round(sum(float(run["minutes"]) for run in runs), 2),
        "machine": {
            "cpu": environment.get("cpu") or cpu_model(),
            **{key: environment.get(key) for key in ("machine", "cpus", "threads", "gpu")},
        },
        "python": environment.get("python"),
        "packages": environment.get("packages"),
        "finished": datetime.datetime.fromtimestamp(float(runs[last]["ended"]), datetime.UTC).isoformat(
            timespec="seconds"
        ),
    }


def value(folder: RunFolder, number: Published) -> float:
    """Our value of a published number: of the selected model, or of an epoch of the curve."""
    if number.epoch is None:
        return float(folder.read_json("metrics.json")["test"][number.metric])
    with (folder.path / "history.csv").open(encoding="utf-8", newline="") as file:
        for line in csv.DictReader(file):
            if int(line["epoch"]) == number.epoch:
                return float(line[f"test/{number.metric}"])
    raise UserError(f"{folder.path}/history.csv has no epoch {number.epoch}: smoke.words of the row do not reach it.")
