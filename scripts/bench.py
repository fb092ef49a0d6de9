"""ltgnn against torch-geometric's LightGCN and implicit on one machine, in one run, on the same pairs: ``make bench``.

    LTGNN_MIRROR=DIR python scripts/bench.py [--steps 8] [--rounds 3] [--device cpu] [--save]

Gowalla (29,858 x 40,981, 810,128 train pairs), LightGCN-3, d 64, batch 2,048, one negative, BPR + L2, Adam, float32.
All sides start from the same weights and see the same batches and negatives; that their losses agree to 1e-5 in every
step is checked before anything is timed. Sides take turns (``rounds``), so that a disturbed minute hits all of them.
``epoch`` is the median step times 396 steps; ``evaluation`` is top-20 of all test users, seen items masked. Peak memory
is measured in a process of its own for each side. All sides have the process's plain memory: what `ltgnn train` asks of
malloc and of huge pages (ltgnn/memory.py) would serve the others as well. Prints Markdown; --save writes
experiments/bench/training.{md,json}.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # as the command line does: see ltgnn/cli.py
os.environ.setdefault("THP_MEM_ALLOC_ENABLE", "1")

import bench_cuda  # beside this file
import torch
from torch import Tensor

from ltgnn.build import build_module, build_setting
from ltgnn.encode import configured
from ltgnn.evaluation.topk import top_k
from ltgnn.graph.kernels import Csr, csr_product, embedding_bag
from ltgnn.runs.folder import cpu_model
from ltgnn.types import Batch

SAVED = Path(__file__).resolve().parents[1] / "experiments/bench"
OVERRIDES = ["experiment=lightgcn_gowalla", "sampler.epoch_unit=edges", "eval=accuracy"]
Step = Callable[[Tensor, Tensor, Tensor], float]
"""``(users [B], positives [B], negatives [B]) -> loss``; forward, backward and one step of Adam."""


class Sides:
    """The same training step, as each library does it."""

    def __init__(self, device: str) -> None:
        cfg = configured(OVERRIDES, None)
        self.cfg, self.device = cfg, device
        self.setting = build_setting(cfg)
        self.train = self.setting.split.train
        self.module = build_module(cfg, self.setting).to(device)
        embedding = self.module.encoder.embedding
        self.start = torch.cat([embedding.users.detach(), embedding.items.detach()]).clone()
        self.reg, self.lr = float(cfg.reg), float(cfg.lr)

    def ltgnn(self) -> Step:
        optimizer = self.module.configure_optimizers()

        def step(users: Tensor, pos: Tensor, neg: Tensor) -> float:
            optimizer.zero_grad()
            loss = torch.stack(list(self.module.objective(Batch(users, pos, neg[:, None])).values())).sum()
            loss.backward()
            optimizer.step()
            return float(loss.detach())

        return step

    def pyg(self, form: str) -> Step:
        """torch-geometric's model in its official loop (``edge_index``), or on a ready CSR adjacency (``csr``)."""
        from torch_geometric.nn import LightGCN

        train, size = self.train, self.train.num_users + self.train.num_items
        ends = torch.stack([train.users.long(), train.items.long() + train.num_users])
        edges: Tensor = torch.cat([ends, ends.flip(0)], 1).to(self.device)
        if form == "csr":
            degree = torch.bincount(edges[0], minlength=size).float()
            weights = (degree[edges[0]] * degree[edges[1]]).rsqrt()
            order = torch.argsort(edges[0] * size + edges[1])
            offsets = torch.zeros(size + 1, dtype=torch.int64, device=self.device)
            offsets[1:] = degree.long().cumsum(0)
            shape = (size, size)
            edges = torch.sparse_csr_tensor(offsets, edges[1][order], weights[order], shape, check_invariants=False)
        model = LightGCN(size, 64, 3, normalize=form == "edge_index").to(self.device)
        with torch.no_grad():
            model.embedding.weight.copy_(self.start)
        optimizer = torch.optim.Adam(model.parameters(), lr=self.lr)

        def step(users: Tensor, pos: Tensor, neg: Tensor) -> float:
            items = torch.cat([pos, neg]) + train.num_users
            labels = torch.stack([torch.cat([users, users]), items])
            optimizer.zero_grad()
            if form == "edge_index":
                ranks = model(edges, labels)
            else:  # the same forward; model() itself accepts no dense label index beside a sparse adjacency
                out = model.get_embedding(edges)
                ranks = (out[labels[0]] * out[labels[1]]).sum(-1)
            good, bad = ranks.chunk(2)
            nodes = torch.cat([users, items])
            loss = model.recommendation_loss(good, bad, node_id=nodes, lambda_reg=self.reg / 2)  # has no 1/2 of its own
            loss.backward()
            optimizer.step()
            return float(loss.detach())

        self.pyg_model, self.pyg_edges = model, edges
        return step

    def batches(self, number: int) -> list[tuple[Tensor, Tensor, Tensor]]:
        generator = torch.Generator().manual_seed(0)
        found = []
        for _ in range(number):
            rows = torch.randint(len(self.train), (int(self.cfg.batch_size),), generator=generator)
            users, pos = self.train.users[rows].long(), self.train.items[rows].long()
            neg = self.module.sampler.cpu()(users, pos, generator)[:, 0]
            found.append((users.to(self.device), pos.to(self.device), neg.to(self.device)))
        return found

    def make(self, name: str) -> Step:
        return self.ltgnn() if name == "ltgnn" else self.pyg(name.removeprefix("PyG "))

    def evaluations(self) -> dict[str, Callable[[], Tensor]]:
        """Top-20 of all test users: ours, and matrix product + torch.topk on the CSR model's embedding."""
        users = torch.unique(self.setting.split.test.users).long()
        train = self.train
        offsets, items = (part.to(self.device) for part in train.by_user)

        def ours() -> Tensor:
            return top_k(self.module.scorer(), users, train.by_user, train.num_items, 20, 16, self.device).items

        def pyg() -> Tensor:
            lists = []
            with torch.no_grad():
                out = self.pyg_model.get_embedding(self.pyg_edges)
                left, right = out[: train.num_users], out[train.num_users :]
                for block in users.to(self.device).split(1024):
                    scores = left[block] @ right.T
                    counts = offsets[block + 1] - offsets[block]
                    rows = torch.repeat_interleave(counts)
                    within = torch.arange(len(rows), device=rows.device) - (counts.cumsum(0) - counts)[rows]
                    scores[rows, items[offsets[block][rows] + within]] = -torch.inf
                    lists.append(scores.topk(20).indices.cpu())
            return torch.cat(lists)

        return {"ltgnn": ours, "PyG csr": pyg}


SIDES = ("ltgnn", "PyG csr", "PyG edge_index")


def agree(sides: Sides) -> float:
    """The largest difference of the losses in three steps from the same weights."""
    batches = sides.batches(3)
    losses = {name: [step(*batch) for batch in batches] for name in SIDES for step in [sides.make(name)]}
    worst = max(abs(a - b) for name in SIDES for a, b in zip(losses["ltgnn"], losses[name], strict=True))
    if worst > 1e-5:
        raise SystemExit(f"the sides do not compute the same loss: {losses}")
    return worst


def timed(work: Callable[[], Any], device: str) -> float:
    start = time.perf_counter()
    work()
    if device == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter() - start


def measure(steps: int, rounds: int, device: str) -> dict[str, Any]:
    sides = Sides(device)
    worst = agree(sides)
    makers = {name: sides.make(name) for name in ("ltgnn", "PyG edge_index", "PyG csr")}  # csr last: evaluations use it
    if device == "cuda":
        makers["ltgnn, bf16"] = bench_cuda.bf16(sides.make("ltgnn"))
    batches = sides.batches(steps)
    seconds: dict[str, list[float]] = {name: [] for name in makers}
    for _ in range(rounds):
        for name, step in makers.items():
            number = 3 if name == "PyG edge_index" else steps  # two seconds each
            step(*batches[0])
            seconds[name] += [timed(lambda step=step, batch=batch: step(*batch), device) for batch in batches[:number]]
    evaluation: dict[str, list[float]] = {}
    for _ in range(rounds):
        for name, work in sides.evaluations().items():
            evaluation.setdefault(name, []).append(timed(work, device))
    return {
        **(card(sides) if device == "cuda" else {}),
        "steps": seconds | (in_a_graph(steps) if device == "cuda" else {}),
        "evaluation": evaluation,
        "largest difference of the losses": worst,
        "steps an epoch": -(-len(sides.train) // int(sides.cfg.batch_size)),
        "kernels": kernels(sides, device) if device == "cpu" else {},
        "implicit": implicit_seconds(sides) if device == "cpu" else {},
    }


def card(sides: Sides) -> dict[str, Any]:
    """What only a card has."""
    graph = sides.module.graph
    return {
        "copy GB/s": bench_cuda.copy_gb_a_second(),
        "card": bench_cuda.kernels(Csr(graph.offsets, graph.columns, graph.weights), sides.start),
    }


def in_a_graph(steps: int) -> dict[str, list[float]]:
    """Seconds of steps replayed as a CUDA graph, in a process of its own, which may fail without harm."""
    done = subprocess.run([sys.executable, __file__, "--graphed", str(steps)], capture_output=True, text=True)
    if done.returncode:
        print("no CUDA graph:", done.stderr.strip().splitlines()[-1][:200], file=sys.stderr)
        return {}
    return {"ltgnn, CUDA graph": json.loads(done.stdout.splitlines()[-1])}


def kernels(sides: Sides, device: str) -> dict[str, Any]:
    """Milliseconds of one propagation layer by kernel, and of two limits of this machine that were measured beside it.

    ``copy``: as many floats as the edges read, in order, to memory that is there. ``random rows``: the same sums of
    rows at uniformly random places of the same tables, which is what a graph without any order would cost.
    """
    graph, users, items = sides.module.graph, sides.train.num_users, sides.train.num_items
    matrix, states = Csr(graph.offsets, graph.columns, graph.weights), sides.start
    gathered = torch.rand(len(graph.columns) // 8, states.shape[1])  # an eighth of what the edges read
    target = torch.zeros_like(gathered)
    places = torch.rand(len(graph.columns), device=device)
    anywhere = torch.where(graph.columns < users, places * users, users + places * items).to(graph.columns.dtype)
    scattered = Csr(graph.offsets, anywhere.clamp(max=users + items - 1), graph.weights)
    found = {}
    for name, work in {
        "embedding_bag": lambda: embedding_bag(matrix, states),
        "csr": lambda: csr_product(matrix, states),
        "random rows": lambda: embedding_bag(scattered, states),
        "copy of E x d floats": lambda: target.copy_(gathered),
    }.items():
        work()
        best = min(timed(work, device) for _ in range(10)) * (8 if name.startswith("copy") else 1)
        found[name] = best * 1000
    found["bytes"] = gathered.nbytes * 8
    return found


def implicit_seconds(sides: Sides) -> dict[str, float]:
    """Seconds of one pass of implicit's ALS and BPR, d 64; empty where it is not installed."""
    try:
        from implicit.als import AlternatingLeastSquares
        from implicit.bpr import BayesianPersonalizedRanking
    except ImportError:
        return {}
    import numpy as np
    import scipy.sparse as sp

    train = sides.train
    shape = (train.num_users, train.num_items)
    matrix = sp.csr_matrix((np.ones(len(train), np.float32), (train.users.numpy(), train.items.numpy())), shape)
    found = {}
    for name, kind in {"ALS": AlternatingLeastSquares, "BPR": BayesianPersonalizedRanking}.items():
        models = [kind(64, iterations=n) for n in (1, 3)]
        times = [timed(partial(model.fit, matrix, show_progress=False), "cpu") for model in models]
        found[name] = (times[1] - times[0]) / 2
    return found


def peak_gb(side: str, device: str) -> float:
    """Peak memory of a process that takes three steps (and, ltgnn, ranks once)."""
    command = [sys.executable, __file__, "--memory", side, "--device", device]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()[-1])


def memory(side: str, device: str) -> None:
    sides = Sides(device)
    step = sides.make(side)
    for batch in sides.batches(3):
        step(*batch)
    if device == "cuda":
        print(torch.cuda.max_memory_allocated() / 1e9)
        return
    status = Path("/proc/self/status").read_text()  # ru_maxrss would count the parent that started this process
    print(int(status.partition("VmHWM:")[2].split()[0]) / 1e6)


def report(found: dict[str, Any]) -> str:
    digits = 1 if "card" in found else 0
    epoch = {name: median(values) * found["steps an epoch"] for name, values in found["steps"].items()}
    lines = [
        "# Training: a step, an epoch, an evaluation",
        "",
        f"`{found['command']}` on {found['machine']}. Gowalla, LightGCN-3, d 64, batch 2,048, BPR + L2, Adam, float32; "
        f"the losses of all sides differ by at most {found['largest difference of the losses']:.0e}. Sides take turns.",
        "",
        "| side | ms a step: min | median | max | s an epoch | times ltgnn | peak GB |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, values in found["steps"].items():
        ms = [1000 * v for v in (min(values), median(values), max(values))]
        peak = f"{found['peak GB'][name]:.2f}" if name in found["peak GB"] else ""
        lines.append(
            f"| {name} | {ms[0]:.{digits}f} | {ms[1]:.{digits}f} | {ms[2]:.{digits}f} | {epoch[name]:.{digits}f} | "
            f"{epoch[name] / epoch['ltgnn']:.{1 + digits}f} | {peak} |"
        )
    base = median(found["evaluation"]["ltgnn"])
    lines += ["", "| top-20 of all test users | s: min | median | max | times ltgnn |", "|---|---|---|---|---|"]
    for name, values in found["evaluation"].items():
        lines.append(
            f"| {name} | {min(values):.2f} | {median(values):.2f} | {max(values):.2f} | {median(values) / base:.1f} |"
        )
    if "card" in found:
        return "\n".join(lines + bench_cuda.report(found)) + "\n"
    size, times = found["kernels"]["bytes"] / 1e6, {n: ms for n, ms in found["kernels"].items() if n != "bytes"}
    lines += [
        "",
        "| one propagation layer | best ms | GB/s read | times random rows | times copy |",
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
    parser.add_argument("--steps", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--device", default="cpu", choices=["cpu", "cuda"])
    parser.add_argument("--save", action="store_true")
    parser.add_argument("--graphed", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--memory", choices=SIDES, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.graphed:
        sides = Sides("cuda")
        first, *batches = sides.batches(arguments.graphed + 1)
        step = bench_cuda.graphed(sides.module, sides.lr, first)
        print(json.dumps([timed(partial(step, *batch), "cuda") for batch in batches]))
        return
    if arguments.memory:
        memory(arguments.memory, arguments.device)
        return
    found = measure(arguments.steps, arguments.rounds, arguments.device)
    with ThreadPoolExecutor(1 if arguments.device == "cpu" else len(SIDES)) as pool:
        found["peak GB"] = dict(zip(SIDES, pool.map(partial(peak_gb, device=arguments.device), SIDES), strict=True))
    name = torch.cuda.get_device_name() if arguments.device == "cuda" else cpu_model()
    found["command"] = "make bench" if arguments.device == "cpu" else "python scripts/bench.py --device cuda"
    found["machine"] = f"{name}, {os.cpu_count()} cores, torch {version('torch')}, PyG {version('torch_geometric')}"
    text = report(found)
    print(text)
    if arguments.save:
        saved = "training" if arguments.device == "cpu" else "training_cuda"
        (SAVED / f"{saved}.md").write_text(text)
        (SAVED / f"{saved}.json").write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
