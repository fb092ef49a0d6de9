"""Ways to propagate less, or to need fewer passes, each with its accuracy beside its time, by ``ltgnn train``.

    LTGNN_MIRROR=DIR python scripts/bench_schemes.py [--data ml100k] [--seeds 3] [--save NAME] [KEY=VALUE ...]

Every scheme trains to the end of its patience, selected on validation. Given: best validation NDCG@20 and the test
NDCG@20 that belongs to it (mean over the seeds), seconds of the whole command, and seconds of training until 99 % of
the plain scheme's best validation NDCG@20 was passed. KEY=VALUE go to all of them. Prints Markdown; --save writes
experiments/bench/NAME.{md,json}.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import mean
from typing import Any

import torch

from ltgnn.runs.environment import cpu_model

SAVED = Path(__file__).resolve().parents[1] / "experiments/bench"
SCHEMES = {
    "plain: a pass a batch": [],
    "spectral start, 6 epochs": [
        *("init=spectral", "schedule=linear", "lr=1e-2", "reg=1e-3"),
        *("epochs=6", "min_epochs=6", "eval_every=1"),
    ],
    "batch_size x 4": ["batch_size=8192"],
    "shared_batches=4": ["shared_batches=4"],
    "shared_batches=4, lr x 2": ["shared_batches=4", "lr=2e-3"],
    "far layers every 10 steps": ["model=lightgcn_historical"],
    "far layers every 50 steps": ["model=lightgcn_historical", "model.encoder.every=50"],
    "half-precision gather": ["graph/kernel=half_gather"],
}
METRIC = "val/ndcg@20"


def train(folder: Path, options: list[str]) -> dict[str, Any]:
    """One run: its curve, its result, its seconds."""
    command = [sys.executable, "-m", "ltgnn.cli", "train", *options, "logger=none", f"paths.run_dir={folder}"]
    start = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    seconds = time.perf_counter() - start
    with open(folder / "history.csv") as file:
        rows = [row for row in csv.DictReader(file) if row.get(METRIC)]
    curve = [(float(row["seconds"]), float(row[METRIC])) for row in rows]
    metrics = json.loads((folder / "metrics.json").read_text())
    test = metrics["test"]
    return {"curve": curve, "val": max(value for _, value in curve), "test": test["ndcg@20"], "seconds": seconds}


def until(curve: list[tuple[float, float]], wanted: float) -> float | None:
    return next((second for second, value in curve if value >= wanted), None)


def report(found: dict[str, list[dict[str, Any]]], command: str) -> str:
    plain = mean(run["val"] for run in found[next(iter(SCHEMES))])
    lines = [
        "# Fewer propagations: accuracy beside time",
        "",
        f"`{command}` on {cpu_model()}, {os.cpu_count()} cores, torch {torch.__version__}. Means over the seeds.",
        "",
        "| scheme | best val NDCG@20 | its test NDCG@20 | s, whole command | s of training to 99 % of plain's best |",
        "|---|---|---|---|---|",
    ]
    for name, runs in found.items():
        reached = [until(run["curve"], 0.99 * plain) for run in runs]
        known = [second for second in reached if second is not None]
        told = f"{mean(known):.1f}" if len(known) == len(runs) else f"reached by {len(known)} of {len(runs)}"
        val, test, seconds = (mean(run[key] for run in runs) for key in ("val", "test", "seconds"))
        lines.append(f"| {name} | {val:.4f} | {test:.4f} | {seconds:.1f} | {told} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", default="ml100k")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--save")
    parser.add_argument("options", nargs="*", metavar="KEY=VALUE")
    arguments = parser.parse_args()
    base = [f"data={arguments.data}", "features=none", "eval=accuracy", *arguments.options]
    words = [f"--data {arguments.data}", f"--seeds {arguments.seeds}", *arguments.options]
    command = "python scripts/bench_schemes.py " + " ".join(words)
    found: dict[str, list[dict[str, Any]]] = {}
    with tempfile.TemporaryDirectory() as folder:
        for number, (name, options) in enumerate(SCHEMES.items()):
            for seed in range(1, arguments.seeds + 1):
                run = train(Path(folder) / f"{number}-{seed}", [*base, *options, f"seed={seed}"])
                found.setdefault(name, []).append(run)
            text = report(found, command)
            if arguments.save:
                (SAVED / f"{arguments.save}.md").write_text(text)
                (SAVED / f"{arguments.save}.json").write_text(json.dumps(found, indent=1) + "\n")
            print(name, [(round(run["val"], 4), round(run["seconds"], 1)) for run in found[name]], flush=True)
    print(text)


if __name__ == "__main__":
    main()
