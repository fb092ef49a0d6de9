"""What Lightning adds to a training step: ``Trainer.fit`` with the callbacks of ``ltgnn train`` against a bare loop.

    LTGNN_MIRROR=DIR python scripts/bench_overhead.py [--steps 60] [--rounds 5] [--save]

Gowalla, LightGCN-3, d 64, batch 2,048. Both do the same work on the same module, in turns: sampler, objective,
backward, Adam. The clock runs from the end of the first step of an epoch to the end of its last, so that building the
trainer and what happens once an epoch (history, checkpoint) are outside. Prints Markdown; --save writes
experiments/bench/overhead.{md,json}.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # as the command line does: see ltgnn/cli.py
os.environ.setdefault("THP_MEM_ALLOC_ENABLE", "1")

import pytorch_lightning as pl
import torch
from hydra.utils import instantiate
from omegaconf import DictConfig

from ltgnn.build import Problem, build_data, build_evaluators, build_module, build_problem
from ltgnn.config.composing import compose_config
from ltgnn.module import Recommender
from ltgnn.runs.environment import cpu_model
from ltgnn.runs.run_key import run_key
from ltgnn.training.memory import huge_pages, keep_large_tables
from ltgnn.training.quiet import quiet_lightning
from ltgnn.training.resume import Resume
from ltgnn.types import Batch

SAVED = Path(__file__).resolve().parents[1] / "experiments/bench"
RECIPE = ["experiment=lightgcn_gowalla", "sampler.epoch_unit=edges", "eval=accuracy", "logger=none", "epochs=1"]


class Clock(pl.Callback):
    """When the first step of an epoch ended, and each after it."""

    def __init__(self) -> None:
        self.ends: list[float] = []

    def on_train_batch_end(self, *_: Any) -> None:
        self.ends.append(time.perf_counter())


def lightning(cfg: DictConfig, problem: Problem, module: Recommender, steps: int) -> float:
    """Seconds of a step inside ``Trainer.fit``."""
    clock = Clock()
    callbacks = [callback for callback in instantiate(cfg.callbacks).values() if callback is not None]
    resume = Resume(Path(cfg.paths.run_dir), run_key(cfg))
    with quiet_lightning():
        trainer = instantiate(cfg.trainer)(
            callbacks=[*callbacks, resume, clock], logger=False, limit_train_batches=steps, limit_val_batches=0
        )
        trainer.fit(module, build_data(cfg, problem, build_evaluators(cfg, problem)))
    return (clock.ends[-1] - clock.ends[0]) / (steps - 1)


def bare(cfg: DictConfig, problem: Problem, module: Recommender, steps: int) -> float:
    """Seconds of a step in a plain loop."""
    pairs, optimizer, ends = (
        build_data(cfg, problem, build_evaluators(cfg, problem)).pairs,
        module.weights_optimizer(),
        [],
    )
    pairs.epoch = lambda: 0
    module.train()
    for step, batch in zip(range(steps), pairs, strict=False):
        negatives = module.sampler(batch.users, batch.pos, module.stream(module.seed, 0, step))
        terms = module.objective(Batch(batch.users, batch.pos, negatives, module.sampler.proposal))
        optimizer.zero_grad()
        torch.stack(list(terms.values())).sum().backward()
        optimizer.step()
        ends.append(time.perf_counter())
    return (ends[-1] - ends[0]) / (steps - 1)


def report(found: dict[str, Any]) -> str:
    lines = ["# What Lightning adds to a step", "", f"`{found['command']}` on {found['machine']}.", ""]
    lines += ["Gowalla, LightGCN-3, d 64, batch 2,048; sides take turns; min, median, max of the rounds.", ""]
    lines += ["| | ms a step: min | median | max |", "|---|---|---|---|"]
    sides = {"Trainer.fit, callbacks of `ltgnn train`": found["lightning"], "bare loop": found["bare"]}
    for name, seconds in sides.items():
        ms = [1000 * one for one in (min(seconds), median(seconds), max(seconds))]
        lines.append(f"| {name} | {ms[0]:.1f} | {ms[1]:.1f} | {ms[2]:.1f} |")
    ratios = [a / b for a, b in zip(found["lightning"], found["bare"], strict=True)]
    least = min(found["lightning"]) / min(found["bare"])
    lines += ["", f"Ratio within a round: min {min(ratios):.3f}, median {median(ratios):.3f}, max {max(ratios):.3f}; "]
    lines[-1] += f"of the two fastest: {least:.3f}. Promised: below 1.05."
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=60)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--save", action="store_true")
    arguments = parser.parse_args()
    huge_pages()
    keep_large_tables()
    found: dict[str, Any] = {"lightning": [], "bare": []}
    with tempfile.TemporaryDirectory() as folder:
        cfg = compose_config("train", [*RECIPE, f"paths.run_dir={folder}"], None)
        cfg.callbacks.checkpoint.monitor = None  # nothing is validated
        cfg.callbacks.early_stop = None
        problem = build_problem(cfg)
        module = build_module(cfg, problem)
        for _ in range(arguments.rounds):
            found["lightning"].append(lightning(cfg, problem, module, arguments.steps))
            found["bare"].append(bare(cfg, problem, module, arguments.steps))
    found["command"] = f"python scripts/bench_overhead.py --steps {arguments.steps} --rounds {arguments.rounds}"
    found["machine"] = f"{cpu_model()}, {os.cpu_count()} cores, torch {torch.__version__}, Lightning {pl.__version__}"
    text = report(found)
    print(text)
    if arguments.save:
        (SAVED / "overhead.md").write_text(text)
        (SAVED / "overhead.json").write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
