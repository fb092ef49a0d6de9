"""What training the text encoder inside the recommender's loop costs: frozen, LoRA, full.

    LTGNN_MIRROR=DIR python scripts/bench_live.py cost        # processor seconds a step, memory
    LTGNN_MIRROR=DIR python scripts/bench_live.py accuracy    # whole jobs of a few epochs

MovieLens-100k, LightGCN on projected MiniLM text, softmax loss. ``cost``: each way in a process of its own, processor
time (of a machine that others use too); steps of forward, backward and Adam on a batch of 2,048 pairs, a few for
warming up left out; then one renewal of all items' vectors, which each evaluation needs. ``accuracy``: `ltgnn train`.
Both write into experiments/live/results.json and make its README.md anew.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

import torch

from ltgnn.io.pluralize import pluralize
from ltgnn.runs.environment import cpu_model

SAVED = Path(__file__).resolve().parents[1] / "experiments/live"
WAYS = ("none", "lora", "full")
OVERRIDES = ["data=ml100k", "features=minilm", "fusion=content", "loss=softmax", "sampler=in_batch", "eval=accuracy"]
STEPS, WARM = 8, 2
EPOCHS = ["epochs=6", "eval_every=2", "patience=9", "lr=0.01"]


def cost(way: str) -> dict[str, Any]:
    """Processor seconds a step and of a renewal, weights trained, peak memory; of this process."""
    from ltgnn.build import build_module, build_problem
    from ltgnn.config.composing import compose_config
    from ltgnn.features.tuning.trainable_text import TrainableText
    from ltgnn.types import Batch

    cfg = compose_config("train", [*OVERRIDES, f"live={way}"], None)
    problem = build_problem(cfg)
    module = build_module(cfg, problem).train()
    optimizer = module.configure_optimizers()
    live = next((part for part in module.modules() if isinstance(part, TrainableText)), None)
    generator, train = torch.Generator().manual_seed(0), problem.split.train
    seconds = []
    for _ in range(STEPS):
        rows = torch.randint(len(train), (int(cfg.batch_size),), generator=generator)
        started = time.process_time()
        if live is not None:
            live.select_items(train.items[rows], generator)
        batch = Batch(train.users[rows], train.items[rows], torch.empty(len(rows), 0, dtype=torch.int64))
        optimizer.zero_grad()
        torch.stack(list(module.objective(batch).values())).sum().backward()
        optimizer.step()
        seconds.append(time.process_time() - started)
    started = time.process_time()
    if live is not None:
        live.renew()
    renewal = time.process_time() - started
    return {
        "CPU seconds a step": {
            "min": min(seconds[WARM:]),
            "median": median(seconds[WARM:]),
            "max": max(seconds[WARM:]),
        },
        "CPU seconds a renewal": renewal if live is not None else 0.0,
        "weights trained": sum(p.numel() for p in module.parameters() if p.requires_grad),
        "peak GB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20,
        "threads": torch.get_num_threads(),
    }


def accuracy(way: str) -> dict[str, Any]:
    """Test figures of one job."""
    with tempfile.TemporaryDirectory() as folder:
        words = [*OVERRIDES, *EPOCHS, f"live={way}", "logger=none", f"hydra.run.dir={folder}"]
        subprocess.run([sys.executable, "-m", "ltgnn.cli", "train", *words], check=True)
        found = json.loads((Path(folder) / "metrics.json").read_text())
    names = ("ndcg@20", "recall@20", "items20/head/ndcg@20", "items20/tail/ndcg@20")
    return {**{name: found["test"][name] for name in names}, "seconds": found["seconds"]["fit"], **found["selection"]}


def markdown(results: dict[str, Any]) -> str:
    lines = [
        "# The encoder inside the loop: what it costs",
        "",
        f"`{' '.join(OVERRIDES)}`, 64 items re-encoded a step.",
    ]
    if "cost" in results:
        threads = results["cost"]["none"]["threads"]
        lines += [
            "",
            f"## Cost, on {results['machine']}, {pluralize(threads, 'thread')}",
            "",
            f"`python scripts/bench_live.py cost`: {STEPS - WARM} steps of 2,048 pairs after {WARM} to warm up; "
            "processor time, since others used the machine at the same time.",
            "",
            "| live | weights trained | CPU s a step: min | median | max | CPU s to renew all items | peak GB |",
            "|---|---|---|---|---|---|---|",
        ]
        for way, row in results["cost"].items():
            s = row["CPU seconds a step"]
            lines.append(
                f"| {way} | {row['weights trained']:,} | {s['min']:.3f} | {s['median']:.3f} | {s['max']:.3f} | "
                f"{row['CPU seconds a renewal']:.1f} | {row['peak GB']:.2f} |"
            )
    if "accuracy" in results:
        lines += [
            "",
            "## Accuracy after a few epochs",
            "",
            f"`python scripts/bench_live.py accuracy`: `{' '.join(EPOCHS)}`, one seed, test part, the epoch with the "
            "best val/ndcg@20. Too short and too few seeds for a claim: it shows that each way learns.",
            "",
            "| live | ndcg@20 | recall@20 | head ndcg@20 | tail ndcg@20 | epoch |",
            "|---|---|---|---|---|---|",
        ]
        for way, row in results["accuracy"].items():
            figures = (row[name] for name in ("ndcg@20", "recall@20", "items20/head/ndcg@20", "items20/tail/ndcg@20"))
            lines.append(f"| {way} | {' | '.join(f'{value:.4f}' for value in figures)} | {row['epoch']} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    what, *ways = sys.argv[1:] or ["cost"]
    if what == "one":  # in a process of its own
        print(json.dumps(cost(ways[0])))
        return
    file = SAVED / "results.json"
    results: dict[str, Any] = json.loads(file.read_text()) if file.is_file() else {}
    for way in ways or WAYS:
        if what == "cost":
            command = [sys.executable, __file__, "one", way]
            row = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout.splitlines()[-1])
        else:
            row = accuracy(way)
        results.setdefault(what, {})[way] = row
        print(way, row, flush=True)
        results["machine"] = cpu_model()
        SAVED.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(results, indent=1) + "\n")
        (SAVED / "README.md").write_text(markdown(results))


if __name__ == "__main__":
    main()
