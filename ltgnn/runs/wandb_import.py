"""W&B's own offline files as run folders: what another program has logged, next to runs of this one."""

from __future__ import annotations

import csv
import json
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from omegaconf import OmegaConf

from ltgnn.runs.folder import RunFolder
from ltgnn.runs.wandb_labels import CODE
from ltgnn.types import UserError

PARTS = ("test", "val")
WORDS = {"data": "unknown", "model": "unknown", "fusion": "-", "loss": "-", "features": "none"}
"""Config groups shown by tables, with the option of a run that has none."""


def files(places: Sequence[Path]) -> list[Path]:
    """Every ``run-*.wandb`` at or below ``places``."""
    found = sorted(
        {file.resolve() for place in places for file in ([place] if place.is_file() else place.rglob("run-*.wandb"))}
    )
    if not found:
        raise UserError(f"no W&B file (run-*.wandb) at or below: {', '.join(map(str, places))}")
    return found


def inspect(file: Path, *options: str) -> str:
    """What W&B's own reader prints of a run's file."""
    command = [sys.executable, "-m", "wandb", "leet", "inspect", "--json", *options, str(file)]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    if answer.returncode or not answer.stdout.strip():
        raise UserError(
            f"{file} cannot be read: {answer.stderr.strip() or 'W&B printed nothing'} (requires wandb >= 0.31)"
        )
    return answer.stdout


def import_file(file: Path, out: Path, renames: Mapping[str, str]) -> Path:
    """Write the run of ``file`` below ``out``; ``renames``: value name of the test part -> key of the W&B summary."""
    found = json.loads(inspect(file, "--summary"))
    records = [json.loads(line) for line in inspect(file).splitlines()]
    values = flat(found["summary"])
    metrics = {part: part_of(part, values) for part in PARTS}
    for name, key in renames.items():
        if key not in values:
            raise UserError(f"--value {name}={key}: {file} has no such number; it has {few_of(values)}")
        metrics["test"][name] = values[key]
    finished = found.get("exit_code") == 0
    if finished and not metrics["test"]:
        raise UserError(
            f"{file}: no number is called test/...; name some: --value ndcg@20=KEY. It has {few_of(values)}"
        )
    folder = RunFolder(out / re.sub(r"[^\w.-]+", "_", f"{found.get('name') or 'run'}_{found['run_id']}"))
    if folder.path.exists():
        raise UserError(f"{folder.path} is there already: remove it, or set another --out")
    folder.path.mkdir(parents=True)
    folder.write("config.yaml", OmegaConf.to_yaml(OmegaConf.create(config_of(found))))
    folder.write("overrides.yaml", "[]\n")
    folder.write_json("env.json", {"imported from": str(file), "started": found.get("start_time")})
    items = [record["history"]["item"] for record in records if record["type"] == "history"]
    write_history(folder, items, first_epoch=(found["config"].get(CODE) or {}).get("first_epoch", 0))
    seconds = values.get("seconds", values.get("_runtime", 0.0))
    unknown = f"unknown: W&B project {found.get('project')}"
    folder.write_json(
        "metrics.json",
        {
            **metrics,
            "selection": {"by": "unknown: imported from W&B"},
            "seconds": {"total": seconds},
            "fingerprint": found["summary"].get("fingerprint", unknown),
        },
    )
    state = {"state": "finished"} if finished else {"state": "failed", "error": f"W&B: {found.get('state')}"}
    folder.write_json("status.json", {**state, "key": f"wandb:{found['run_id']}", "tags": found.get("tags", [])})
    return folder.path


def flat(summary: Mapping[str, Any]) -> dict[str, float]:
    """The numbers of a W&B summary; of ``{last, max, ...}`` the last, with the others as ``name.max``."""
    found: dict[str, float] = {}
    for key, value in summary.items():
        if isinstance(value, Mapping):
            found |= {key if part == "last" else f"{key}.{part}": number for part, number in flat(value).items()}
        elif isinstance(value, int | float) and not isinstance(value, bool):
            found[key] = float(value)
    return found


def part_of(part: str, values: Mapping[str, float]) -> dict[str, float]:
    """``test/ndcg@20`` or ``test_ndcg@20`` -> ``ndcg@20``."""
    return {
        key[len(part) + 1 :]: value for key, value in values.items() if key[: len(part) + 1] in (f"{part}/", f"{part}_")
    }


def config_of(found: Mapping[str, Any]) -> dict[str, Any]:
    """The recipe as run folders keep it; of a run of this program exactly as it was, but for its folder's place."""
    config: dict[str, Any] = dict(found["config"])
    recipe = config.pop("recipe", None)
    config.pop(CODE, None)
    if isinstance(recipe, dict):
        chosen = {key for key in config if key in recipe or key == "experiment" or "/" in key or "@" in key}
        choices = {key: config.pop(key) for key in list(config) if key in chosen}
        return {**recipe, **config, "choices": choices}
    words = {axis: config[axis] for axis in WORDS if isinstance(config.get(axis), str)}
    name = {"model": found["name"]} if found.get("name") else {}
    rest = {key: value for key, value in config.items() if key not in words}
    return {"task": "train", "seed": None, **rest, "choices": WORDS | name | words}


def write_history(folder: RunFolder, items: Sequence[Mapping[str, Any]], first_epoch: int) -> None:
    """``history.csv``: one row per epoch, counted from 1 (by Lightning's own logger from 0), else per step."""
    rows: dict[float, dict[str, float]] = {}
    before = 1 - first_epoch
    for item in items:
        numbers = {key: value for key, value in flat(item).items() if not key.startswith("_")}
        if numbers.keys() <= {"epoch", "trainer/global_step"}:
            continue
        epoch = numbers.pop("epoch") + before if "epoch" in numbers else float(item.get("_step", len(rows))) + 1
        row = rows.setdefault(epoch, {"epoch": epoch, "seconds": round(float(item.get("_runtime", 0.0)), 3)})
        row.update(numbers)
    rows = {
        epoch: row
        for epoch, row in rows.items()
        if any(key.startswith(("val/", "train/")) or "loss" in key for key in row)
    }
    if rows:
        columns = list({key: None for row in rows.values() for key in row})
        with (folder.path / "history.csv").open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, columns)
            writer.writeheader()
            writer.writerows(rows.values())


def few_of(values: Mapping[str, float]) -> str:
    names = [name for name in values if not name.startswith("_")]
    return ", ".join(names[:20]) + (" ..." if len(names) > 20 else "") if names else "none at all"
