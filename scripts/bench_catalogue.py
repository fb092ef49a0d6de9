"""A large catalogue through the whole chain: seconds and peak memory of each command.

    python scripts/bench_catalogue.py --items 1e4,1e5,1e6 [--work FOLDER] [--save]

50 events and 2 users for each item: a power law, communities of 1,000 items in which four of five events lie, and
vectors of 64 numbers in which a community is a cloud. Stages, each a command in a process of its own: import; train
``model=ease_local`` with the vectors, and evaluate 100,000 users; lists of 20 for all users; export; one request to the
served export; train a GNN on what the closed form leaves for ``--steps`` batches; its lists for all users by an
approximate index, with their recall. With the same ``--work`` it goes on after the last stage that ended. Prints
Markdown with the exponent of the time of the fit; --save writes experiments/bench/catalogue.{md,json}, and leaves the
sizes that are there.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from ltgnn.runs.environment import cpu_model

SAVED = Path(__file__).resolve().parents[1] / "experiments/bench"
COMMUNITY, DIM = 1_000, 64
EVENTS, USERS = 50, 2  # for each item


def make(folder: Path, items: int) -> None:
    """events.parquet, ids.txt and vectors.npy."""
    generator = np.random.default_rng(0)
    users, communities, wanted = USERS * items, max(1, items // COMMUNITY), EVENTS * items
    keys = np.empty(0, np.int64)
    while len(keys) < wanted:
        size = int(1.3 * (wanted - len(keys))) + 1000
        user = (users * generator.random(size) ** 1.4).astype(np.int64)
        item = (items * generator.random(size) ** 2.2).astype(np.int64)
        inside = generator.random(size) < 0.8
        rank = (COMMUNITY * generator.random(int(inside.sum())) ** 2.2).astype(np.int64)
        item[inside] = rank * communities + (user[inside] + 7919 * rank) % communities
        keys = np.unique(np.concatenate([keys, user * items + item]))
    keys = generator.permutation(keys)[:wanted]
    columns = {"user_id": keys // items, "item_id": keys % items}
    letters = {"user_id": "u", "item_id": "i"}
    pl.DataFrame(columns).with_columns(
        pl.format(letters[name] + "{}", pl.col(name)).alias(name) for name in columns
    ).write_parquet(folder / "events.parquet")
    (folder / "ids.txt").write_text("\n".join(f"i{item}" for item in range(items)) + "\n")
    number = np.arange(items)
    community = (number - 7919 * (number // communities)) % communities
    centres = generator.standard_normal((communities, DIM), np.float32)
    vectors = centres[community] + 0.7 * generator.standard_normal((items, DIM), np.float32)
    np.save(folder / "vectors.npy", vectors)


def command(name: str, words: list[str], log: Path) -> dict[str, Any]:
    """Runs ``ltgnn WORDS``; what it took, or took earlier by ``stages.json`` beside the log."""
    record = log.with_name("stages.json")
    kept: dict[str, dict[str, Any]] = json.loads(record.read_text()) if record.is_file() else {}
    if name in kept:
        return kept[name]
    start = time.perf_counter()
    with log.open("w") as out:
        process = subprocess.Popen([sys.executable, "-m", "ltgnn.cli", *words], stdout=out, stderr=subprocess.STDOUT)
        _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"{' '.join(words)}: status {status}\n{log.read_text()[-3000:]}")
    taken = {"seconds": time.perf_counter() - start, "core seconds": usage.ru_utime + usage.ru_stime}
    kept[name] = {"stage": name} | taken | {"peak GB": usage.ru_maxrss / 1e6}
    print(kept[name], flush=True)
    record.write_text(json.dumps(kept, indent=1))
    return kept[name]


def chain(folder: Path, items: int, steps: int, base: list[str]) -> list[dict[str, Any]]:
    """All stages of one size."""
    data, run, gnn = folder / "data", folder / "run", folder / "gnn"
    stages = [command("import", ["data", "import", f"{folder}/events.parquet", "--out", f"{data}"], folder / "log")]
    words = [
        "train", "data=processed", f"data.files.path={data}", "data.name=catalogue",
        "split.test=0.05", "split.val=0.05", "features=precomputed",
        f"features.file.path={folder}/vectors.npy", f"features.file.ids={folder}/ids.txt",
        "features.file.extra=ignore", "logger=none", "eval=accuracy", "eval.ks=[20]",
        "eval.most_users=100000", "callbacks.checkpoint.save_last=false",
    ]  # fmt: skip
    stages.append(
        command("train ease_local", [*words, "model=ease_local", *base, f"paths.run_dir={run}"], folder / "log")
    )
    fitted = json.loads((run / "metrics.json").read_text())["seconds"]["fit"]
    stages[-1] |= {"fit s": fitted, **metrics(run)}
    lists = ["recommend", f"run={run}", "users=all", "k=20", "reasons=false", f"out={folder}/lists.parquet"]
    stages.append(command(f"lists of {USERS * items:,} users", lists, folder / "log"))
    stages.append(command("export", ["export", f"run={run}", f"out={folder}/export"], folder / "log"))
    stages.append(
        command("a list from the export", ["recommend", f"run={folder}/export", "users=u1", "k=20"], folder / "log")
    )
    few = math.ceil(steps / 2)
    residual = [
        *words, "model=lightgcn", "num_layers=2", "dim=64", "fusion=init", "loss=residual", "loss.ranking.folds=1",
        "sampler=in_batch", "batch_size=4096", "lr=3e-4", "epochs=2", "min_epochs=0", "eval_every=2",
        "eval.most_users=10000", f"+trainer.limit_train_batches={few}",
        *(f"loss.ranking.base.{word.removeprefix('model.')}" for word in base),
    ]  # fmt: skip
    stages.append(command(f"train loss=residual, {2 * few} steps", [*residual, f"paths.run_dir={gnn}"], folder / "log"))
    stages[-1] |= metrics(gnn)
    lists = ["recommend", f"run={gnn}", "users=all", "k=20", "reasons=false", "index=usearch"]
    stages.append(
        command(
            f"its lists of {USERS * items:,} users by an index", [*lists, f"out={folder}/gnn.parquet"], folder / "log"
        )
    )
    found = re.search(r"index=usearch: ([0-9.]+) of the exact lists", (folder / "log").read_text())
    assert found is not None
    stages[-1] |= {"recall": float(found[1])}
    return stages


def metrics(run: Path) -> dict[str, float]:
    values = json.loads((run / "metrics.json").read_text())["test"]
    return {name: values[name] for name in ("ndcg@20", "items20/head/ndcg@20", "items20/tail/ndcg@20", "users")}


def report(found: dict[str, Any]) -> str:
    sizes = sorted(found, key=int)
    lines = ["# A large catalogue", "", found[sizes[-1]]["command"], ""]
    for size in sizes:
        one = found[size]
        lines += [f"{one['items']:,} items, {one['users']:,} users, {one['events']:,} events; {one['machine']}.", ""]
        lines += ["| stage | s | core s | peak GB | |", "|---|---|---|---|---|"]
        for stage in one["stages"]:
            rest = {k: v for k, v in stage.items() if k not in ("stage", "seconds", "core seconds", "peak GB")}
            more = ", ".join(f"{k} {v:.4g}" for k, v in rest.items() if v is not None)
            taken = f"{stage['seconds']:.0f} | {stage['core seconds']:.0f} | {stage['peak GB']:.1f}"
            lines.append(f"| {stage['stage']} | {taken} | {more} |")
        lines.append("")
    fits = [(one["items"], stage["fit s"]) for one in found.values() for stage in one["stages"] if stage.get("fit s")]
    if len(fits) > 1:
        slope = np.polyfit(*np.log(np.array(sorted(fits))).T, 1)[0]
        lines.append(f"The fit of `model=ease_local`: time ~ items^{slope:.2f}.")
    return "\n".join(lines).rstrip() + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--items", default="1e4,1e5")
    parser.add_argument("--steps", type=int, default=100)
    parser.add_argument("--base", default="", help="words of model=ease_local, by blanks")
    parser.add_argument("--work", type=Path, help="folder for the files; one that is there goes on")
    parser.add_argument("--save", action="store_true")
    arguments = parser.parse_args()
    path = SAVED / "catalogue.json"
    found = json.loads(path.read_text()) if path.is_file() else {}
    for items in (int(float(word)) for word in arguments.items.split(",")):
        folder = Path(arguments.work or tempfile.mkdtemp()) / str(items)
        folder.mkdir(parents=True, exist_ok=True)
        if not (folder / "vectors.npy").is_file():
            make(folder, items)
        stages = chain(folder, items, arguments.steps, arguments.base.split())
        machine = f"{cpu_model()}, {os.cpu_count()} cores"
        facts = {"items": items, "users": USERS * items, "events": EVENTS * items, "machine": machine}
        words = f"`python scripts/bench_catalogue.py --items {arguments.items} --base '{arguments.base}'`"
        found[str(items)] = facts | {"command": words, "stages": stages}
        if arguments.save:
            path.write_text(json.dumps(found, indent=1) + "\n")
            path.with_suffix(".md").write_text(report(found))
        shutil.rmtree(folder)
    print(report(found))


if __name__ == "__main__":
    main()
