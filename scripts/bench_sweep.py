"""What a sweep costs beside training: CPU seconds a job of start-up and bookkeeping, by part.

The 48-job grid of MovieLens-100k (2 models x 4 fusions x 2 losses x 3 seeds) runs in this process with one epoch of two
batches. Counted is the processor time of the whole command less that of ``Trainer.fit`` and of the evaluators, so
that a busy machine does not move it much. The data, paid once, count; imports do not.

    python scripts/bench_sweep.py [--jobs 48] [--out experiments/bench]
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

STARTED = time.process_time()
os.environ.setdefault("WANDB_MODE", "offline")

GRID = ["model=lightgcn,mf", "fusion=id,init,sum,gate", "loss=bpr,softmax", "seed=1,2,3"]
SMALL = ["trainer=debug", "trainer.max_epochs=1"]


class Clock:
    """Processor seconds by part; a part inside another counts for the inner one alone."""

    def __init__(self) -> None:
        self.seconds: defaultdict[str, float] = defaultdict(float)
        self.open: list[str] = []
        self.last = time.process_time()

    def switch(self) -> None:
        now = time.process_time()
        self.seconds[self.open[-1] if self.open else "the rest of the program"] += now - self.last
        self.last = now

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        self.switch()
        self.open.append(name)
        try:
            yield
        finally:
            self.switch()
            self.open.pop()

    def watch(self, owner: Any, attribute: str, name: str) -> None:
        """Count the calls of a function under ``name``."""
        inner: Callable[..., Any] = getattr(owner, attribute)

        def watched(*args: Any, **kwargs: Any) -> Any:
            with self.part(name):
                return inner(*args, **kwargs)

        setattr(owner, attribute, watched)


def watched() -> Clock:
    """The parts of a job, each where it is called."""
    import pytorch_lightning as pl
    import wandb
    from wandb.sdk.wandb_run import Run

    import ltgnn.commands.train as train
    import ltgnn.sweeps.execute as execute
    import ltgnn.sweeps.sweeper as sweeper
    from ltgnn.evaluation.evaluator import Evaluator
    from ltgnn.runs.folder import RunFolder
    from ltgnn.runs.tracking import Wandb

    clock = Clock()
    clock.watch(pl.Trainer, "fit", "training")
    clock.watch(Evaluator, "__call__", "evaluation")
    clock.watch(sweeper, "compose", "compose")
    clock.watch(execute, "run_job", "job, the rest")
    clock.watch(train, "build_problem", "data, split, groups, text")
    clock.watch(train, "build_module", "model")
    clock.watch(train, "write_cards", "cards")
    clock.watch(train, "instantiate", "instantiate")
    clock.watch(RunFolder, "write", "files")
    clock.watch(RunFolder, "write_parquet", "files")
    clock.watch(wandb, "init", "W&B")
    clock.watch(Run, "finish", "W&B")
    clock.watch(Wandb, "upload", "W&B")
    clock.watch(Wandb, "lightning_logger", "W&B")
    clock.watch(Wandb, "summary", "W&B")
    return clock


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=3, help="16 jobs a seed (default: %(default)s)")
    parser.add_argument("--out", type=Path, help="folder for sweep.json and sweep.md")
    parser.add_argument("words", nargs="*", help="further words of the command line")
    given = parser.parse_args()
    clock = watched()
    imports = time.process_time() - STARTED
    import wandb

    import ltgnn.commands.train

    grid = [*GRID[:-1], "seed=" + ",".join(str(number + 1) for number in range(given.seeds))]
    jobs = 16 * given.seeds
    with tempfile.TemporaryDirectory(prefix="ltgnn-bench-") as folder:
        before, wall, children = time.process_time(), time.perf_counter(), os.times()
        clock.last = before
        code = ltgnn.commands.train.main([*grid, *SMALL, f"sweep.dir={folder}/sweep", *given.words, "-m"])
        clock.switch()
        wandb.teardown()  # ends its process, so that its time is known
        whole, wall, after = time.process_time() - before, time.perf_counter() - wall, os.times()
    if code:
        sys.exit(f"the sweep ended with {code}")
    spent = {name: seconds / jobs for name, seconds in clock.seconds.items()}
    other = after.children_user + after.children_system - children.children_user - children.children_system
    beside = whole - clock.seconds["training"] - clock.seconds["evaluation"]  # what is paid once counts, too
    once = clock.seconds["data, split, groups, text"]
    result = {
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, python {platform.python_version()}",
        "jobs": jobs,
        "imports": round(imports, 3),
        "data, split, groups, text, once": round(once, 3),
        "cpu seconds a job beside training and evaluation": round(beside / jobs, 4),
        "of child processes a job": round(other / jobs, 4),
        "wall seconds a job": round(wall / jobs, 3),
        "by part, cpu seconds a job": {k: round(v, 4) for k, v in sorted(spent.items(), key=lambda kv: -kv[1])},
    }
    print(json.dumps(result, indent=1))
    if given.out:
        given.out.mkdir(parents=True, exist_ok=True)
        (given.out / "sweep.json").write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
        (given.out / "sweep.md").write_text(page(result), encoding="utf-8")


def page(result: dict[str, Any]) -> str:
    """The figures as Markdown."""
    lines = [
        "# What a sweep costs beside training",
        "",
        f"`python scripts/bench_sweep.py`, {result['jobs']} jobs, {result['machine']}, shared with other",
        "work, so that only processor time counts.",
        "",
        f"- **{result['cpu seconds a job beside training and evaluation']} CPU seconds a job** beside training and",
        f"  evaluation, {result['of child processes a job']} more in child processes (W&B's writer, git).",
        f"- Once: data, split, groups and text {result['data, split, groups, text, once']} (counted above), imports",
        f"  {result['imports']} (not counted).",
        "",
        "| part | CPU seconds a job |",
        "|---|---:|",
        *(f"| {name} | {seconds} |" for name, seconds in result["by part, cpu seconds a job"].items()),
        "",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
