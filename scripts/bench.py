"""ltgnn against the LightGCN of torch-geometric and, where installed, of RecBole, and against implicit, on one machine
and in one run, on the same pairs: ``make bench``.

    LTGNN_MIRROR=DIR python scripts/bench.py [--steps 16] [--rounds 3] [--device cpu] [--save]

Gowalla (29,858 x 40,981, 810,128 train pairs), LightGCN-3, d 64, batch 2,048, one negative, BPR + L2, Adam, float32.
All sides start from the same weights and see the same batches and negatives; that their losses agree to 1e-5 in every
step is checked before anything is timed. Each side is a process of its own (``bench_sides.py``; ``bench_peers.py`` says
how RecBole comes in); they take turns (``rounds``), so that a disturbed minute hits all of them. ltgnn runs as `ltgnn
train` runs it, with its memory settings (ltgnn/training/memory.py), the others as their users run them, in a plain
process; and,
in columns of their own, with ltgnn's settings too. ``epoch`` is the median step times 396 steps;
``evaluation`` is top-20 of all test users, seen items masked. Prints Markdown; --save writes
experiments/bench/training.{md,json}.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any

import bench_cuda  # beside this file
import torch
from bench_sides import ON_CARD, SIDES

from ltgnn.runs.environment import cpu_model

SAVED = Path(__file__).resolve().parents[1] / "experiments/bench"
PROGRAM = Path(__file__).with_name("bench_sides.py")
STEPS_AN_EPOCH = -(-810_128 // 2048)
TUNED = ", ltgnn's memory settings"
"""Behind the name of a side that runs with them though it is not ours."""


class Worker:
    """A side in its process."""

    def __init__(self, side: str, device: str) -> None:
        self.side = side
        memory = "ltgnn" if side.startswith("ltgnn") or side.endswith(TUNED) else "plain"
        command = [sys.executable, str(PROGRAM), side.removesuffix(TUNED), device, memory]
        settings = {"OMP_WAIT_POLICY": "PASSIVE"}  # no side spins while the others work: see ltgnn/cli.py
        settings |= {"THP_MEM_ALLOC_ENABLE": "1"} if memory == "ltgnn" else {}
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, env={**os.environ, **settings})

    def ask(self, what: str, **given: Any) -> Any:
        """The answer; ``RuntimeError`` if the process has ended."""
        try:
            print(json.dumps({"do": what, **given}), file=self.process.stdin, flush=True)
            return json.loads(self.process.stdout.readline())  # type: ignore[union-attr]
        except (OSError, ValueError) as error:
            raise RuntimeError(f"{self.side}: its process ended with code {self.process.wait()}") from error


def agree(workers: list[Worker]) -> float:
    """The largest difference of the losses in three steps from the same weights."""
    losses = {worker.side: worker.ask("losses", number=3) for worker in workers}
    worst = max(abs(a - b) for side in losses.values() for a, b in zip(losses["ltgnn"], side, strict=True))
    if worst > 1e-5:
        raise SystemExit(f"the sides do not compute the same loss: {losses}")
    return worst


def measure(steps: int, rounds: int, device: str) -> dict[str, Any]:
    tuned = [] if device == "cuda" else [side + TUNED for side in SIDES[1:]]
    workers = {side: Worker(side, device) for side in (*SIDES, *tuned)}
    found: dict[str, Any] = {"largest difference of the losses": agree(list(workers.values()))}
    found["peak GB"] = {side: worker.ask("peak_gb") for side, worker in workers.items()}
    extra = {side: Worker(side, device) for side in (ON_CARD if device == "cuda" else ())}
    seconds: dict[str, list[float]] = {}
    ranking: dict[str, list[float]] = {}
    for _ in range(rounds):
        for side, worker in (*workers.items(), *extra.items()):
            number = 3 if "edge_index" in side and device == "cpu" else steps  # two seconds each
            try:
                seconds.setdefault(side, []).extend(worker.ask("steps", number=number))
            except RuntimeError as error:
                if side in workers:
                    raise
                print(error, file=sys.stderr)
        for side, worker in workers.items():
            if "edge_index" not in side:
                ranking.setdefault(side, []).extend(worker.ask("ranking", number=2))
    found |= {"steps": {side: values for side, values in seconds.items() if values}, "evaluation": ranking}
    asked = ("card",) if device == "cuda" else ("kernels", "implicit")
    return found | {what: workers["ltgnn"].ask(what) for what in asked}


def report(found: dict[str, Any]) -> str:
    digits = 1 if "card" in found else 0
    epoch = {side: median(values) * STEPS_AN_EPOCH for side, values in found["steps"].items()}
    lines = [
        "# Training: a step, an epoch, an evaluation",
        "",
        f"`{found['command']}` on {found['machine']}. Gowalla, LightGCN-3, d 64, batch 2,048, BPR + L2, Adam, float32; "
        f"the losses of all sides differ by at most {found['largest difference of the losses']:.0e}. Each side is a "
        "process of its own, and they take turns. Peak memory: after three steps, before anything is ranked.",
        "",
        "| side | ms a step: min | median | max | s an epoch | times ltgnn | peak GB |",
        "|---|---|---|---|---|---|---|",
    ]
    for side, values in found["steps"].items():
        ms = [1000 * v for v in (min(values), median(values), max(values))]
        peak = f"{found['peak GB'][side]:.2f}" if side in found["peak GB"] else ""
        lines.append(
            f"| {side} | {ms[0]:.{digits}f} | {ms[1]:.{digits}f} | {ms[2]:.{digits}f} | {epoch[side]:.{digits}f} | "
            f"{epoch[side] / epoch['ltgnn']:.{1 + digits}f} | {peak} |"
        )
    base = median(found["evaluation"]["ltgnn"])
    lines += ["", "| top-20 of all test users | s: min | median | max | times ltgnn |", "|---|---|---|---|---|"]
    for side, values in found["evaluation"].items():
        lines.append(
            f"| {side} | {min(values):.2f} | {median(values):.2f} | {max(values):.2f} | {median(values) / base:.1f} |"
        )
    if "card" in found:
        return "\n".join(lines + bench_cuda.report(found["card"])) + "\n"
    size, times = found["kernels"]["bytes"] / 1e6, {n: ms for n, ms in found["kernels"].items() if n != "bytes"}
    lines += [
        "",
        "| one propagation layer | best ms | GB/s read, as float32 | times random rows | times copy |",
        "|---|---|---|---|---|",
    ]
    limits = times["random rows"], times["copy of E x d floats"]
    lines += [
        f"| {name} | {ms:.1f} | {size / ms:.1f} | {limits[0] / ms:.2f} | {limits[1] / ms:.2f} |"
        for name, ms in times.items()
    ]
    lines += ["", "| implicit, one pass, d 64 | s |", "|---|---|"]
    lines += [f"| {name} | {seconds:.1f} |" for name, seconds in found["implicit"].items()]
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=16)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--device", default="cpu", choices=["cpu", "cuda"])
    parser.add_argument("--save", action="store_true")
    given = parser.parse_args()
    found = measure(given.steps, given.rounds, given.device)
    name = torch.cuda.get_device_name() if given.device == "cuda" else cpu_model()
    found["command"] = "make bench" if given.device == "cpu" else "python scripts/bench.py --device cuda"
    found["machine"] = f"{name}, {os.cpu_count()} cores, torch {version('torch')}, PyG {version('torch_geometric')}"
    text = report(found)
    print(text)
    if given.save:
        saved = "training" if given.device == "cpu" else "training_cuda"
        (SAVED / f"{saved}.md").write_text(text)
        (SAVED / f"{saved}.json").write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
