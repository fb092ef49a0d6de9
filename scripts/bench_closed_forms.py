"""Time and memory of local EASE beside EASE with a dense inverse, and of that inverse beside the matrix product.

    LTGNN_MIRROR=DIR python scripts/bench_closed_forms.py [--parts shops,ids,inverse] [--repeats 3] [--save]

Each fit is a process of its own. ``shops``: the recipes of the headline study on amazon-beauty and amazon-games, dense
and local in turn. ``ids``: local EASE without features on the published splits of gowalla and yelp2018, with what
validation chose. ``inverse``: EASE on gowalla, an inverse of I^3 operations, beside a product of matrices in float32
with as many. Prints Markdown; --save writes experiments/bench/closed_forms.{md,json}, and keeps parts that are there.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import torch

from ltgnn.runs.environment import cpu_model

SAVED = Path(__file__).resolve().parents[1] / "experiments/bench/closed_forms.json"

DENSE = {
    "amazon_beauty": ["model.closed_form.l2=100", "model.closed_form.content_weight=160"],
    "amazon_games": ["model.closed_form.l2=50", "model.closed_form.content_weight=80"],
}
LOCAL = {"amazon_beauty": ["model.closed_form.l2=50"], "amazon_games": ["model.closed_form.l2=50"]}
IDS = {
    "gowalla": [
        "data.expected.train=810128", "model.closed_form.l2=20", "model.closed_form.user_norm=0.3",
        "model.closed_form.candidates.growth=20",
    ],
    "yelp2018": ["data.expected.train=1237259", "model.closed_form.l2=50", "model.closed_form.user_norm=0.3"],
}  # fmt: skip
OFFICIAL = [
    "split=official", "features=none", "split.val=0", "monitor=test/ndcg@20", "data.reader.valid=null",
    "data.expected.val=0", "model=ease_local",
]  # fmt: skip
SQUARE = 8192
"""Rows of the matrices whose product is timed."""


def fit(words: list[str]) -> dict[str, float]:
    """One ``ltgnn train`` of a closed form: seconds of the fit, peak memory, test values."""
    with tempfile.TemporaryDirectory() as folder:
        run = Path(folder) / "run"
        command = [
            sys.executable, "-m", "ltgnn.cli", "train", *words, "logger=none", "eval=accuracy", "eval.ks=[20]",
            "callbacks.checkpoint=null", f"paths.run_dir={run}",
        ]  # fmt: skip
        with (Path(folder) / "log").open("w") as log:
            process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)
            _, status, usage = os.wait4(process.pid, 0)
        if status:
            raise SystemExit(f"{' '.join(words)}:\n{(Path(folder) / 'log').read_text()[-3000:]}")
        found = json.loads((run / "metrics.json").read_text())
    one = {
        "fit s": found["seconds"]["fit"],
        "core s": usage.ru_utime + usage.ru_stime,
        "peak GB": usage.ru_maxrss / 1e6,
    }
    one |= {name: found["test"][name] for name in ("recall@20", "ndcg@20")}
    print(" ".join(words), one, flush=True)
    return one


def shops(repeats: int) -> dict[str, Any]:
    """Dense and local fits in turn."""
    found: dict[str, Any] = {}
    for data in DENSE:
        common = [f"data={data}", "features=minilm", "seed=1", "split.seed=1"]
        pairs = [
            (fit([*common, "model=ease_gram", *DENSE[data]]), fit([*common, "model=ease_local", *LOCAL[data]]))
            for _ in range(repeats)
        ]
        found[data] = {"dense": [one for one, _ in pairs], "local": [other for _, other in pairs]}
    return found


def ids(repeats: int) -> dict[str, Any]:
    """Local EASE of ids on published splits."""
    return {data: [fit([f"data={data}", *OFFICIAL, *words]) for _ in range(repeats)] for data, words in IDS.items()}


def inverse(repeats: int) -> dict[str, Any]:
    """EASE on gowalla between two timings of the product."""
    before = [product_rate() for _ in range(3)]
    runs = [fit(["experiment=ease_gowalla"]) for _ in range(repeats)]
    return {"items": 40981, "runs": runs, "product Gflop/s": [*before, *(product_rate() for _ in range(3))]}


def product_rate() -> float:
    """1e9 operations a second of a float32 product of square matrices."""
    one, other = torch.randn(SQUARE, SQUARE), torch.randn(SQUARE, SQUARE)
    started = time.perf_counter()
    torch.mm(one, other)
    return 2 * SQUARE**3 / (time.perf_counter() - started) / 1e9


PARTS = {"shops": shops, "ids": ids, "inverse": inverse}


def report(found: dict[str, Any]) -> str:
    """The Markdown of all parts that there are."""
    lines = ["# Closed forms", "", "Fits of one process each, in turn; medians. " + found["machine"] + ".", ""]
    if "shops" in found:
        lines += [
            "| data | dense: fit s, peak GB | local: fit s, peak GB | times faster | NDCG@20 |",
            "|---|---|---|---|---|",
        ]
        for data, both in found["shops"].items():
            dense, local = (middle(both[kind]) for kind in ("dense", "local"))
            ratio = statistics.median(
                one["fit s"] / other["fit s"] for one, other in zip(both["dense"], both["local"], strict=True)
            )
            sides = [f"{one['fit s']:.1f}, {one['peak GB']:.1f}" for one in (dense, local)]
            lines.append(
                f"| {data} | {sides[0]} | {sides[1]} | {ratio:.1f} | {dense['ndcg@20']:.4f}, {local['ndcg@20']:.4f} |"
            )
        lines.append("")
    if "ids" in found:
        lines += ["Ids alone, published splits, test part:", ""]
        lines += ["| data | fit s | core s of the run | peak GB | Recall@20 | NDCG@20 |", "|---|---|---|---|---|---|"]
        for data, runs in found["ids"].items():
            one = middle(runs)
            lines.append(
                f"| {data} | {one['fit s']:.1f} | {one['core s']:.0f} | {one['peak GB']:.1f} | {one['recall@20']:.4f} "
                f"| {one['ndcg@20']:.4f} |"
            )
        lines.append("")
    if "inverse" in found:
        part = found["inverse"]
        rate, one = statistics.median(part["product Gflop/s"]), middle(part["runs"])
        needed = part["items"] ** 3 / rate / 1e9
        lines.append(
            f"EASE on gowalla: {one['fit s']:.0f} s, peak {one['peak GB']:.1f} GB, Recall@20 {one['recall@20']:.4f}, "
            f"NDCG@20 {one['ndcg@20']:.4f}. I^3 operations as a product of matrices ({rate:.0f} Gflop/s) take "
            f"{needed:.0f} s: the fit takes {one['fit s'] / needed:.2f} times that."
        )
    return "\n".join(lines).rstrip() + "\n"


def middle(runs: list[dict[str, float]]) -> dict[str, float]:
    """The median of each value."""
    return {name: statistics.median(run[name] for run in runs) for name in runs[0]}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--parts", default=",".join(PARTS))
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--save", action="store_true")
    arguments = parser.parse_args()
    found = json.loads(SAVED.read_text()) if SAVED.is_file() else {}
    found["machine"] = f"{cpu_model()}, {os.cpu_count()} cores"
    for name in arguments.parts.split(","):
        found[name] = PARTS[name](arguments.repeats)
        if arguments.save:
            SAVED.write_text(json.dumps(found, indent=1) + "\n")
            SAVED.with_suffix(".md").write_text(report(found))
    print(report(found))


if __name__ == "__main__":
    main()
