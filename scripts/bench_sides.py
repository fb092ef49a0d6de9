"""One side of `bench.py`: a library's training step and ranking, in a process of its own that obeys lines of JSON.

    python scripts/bench_sides.py SIDE DEVICE MEMORY     reads {"do": NAME, ..} from stdin, answers a line of JSON each

MEMORY: ``ltgnn`` takes the memory settings of `ltgnn train` (ltgnn/training/memory.py),
``plain`` those a process starts with.
All sides start from the same weights and make the same batches and negatives.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import bench_cuda  # beside this file
import bench_peers  # and this
import torch
from bench_peers import Rank, Step
from torch import Tensor
from torch.nn import functional as F

from ltgnn.build import build_module, build_problem
from ltgnn.config.composing import compose_config
from ltgnn.evaluation.topk import top_k
from ltgnn.graph.kernels import Csr, csr_product, embedding_bag, half_gather
from ltgnn.graph.locality import cluster_order, renumber
from ltgnn.training.memory import keep_large_tables
from ltgnn.types import Batch

SIDES = ("ltgnn", *bench_peers.peers())
ON_CARD = ("ltgnn, bf16", "ltgnn, CUDA graph")
OVERRIDES = ["experiment=lightgcn_gowalla", "sampler.epoch_unit=edges", "eval=accuracy"]


class Side:
    """A library on Gowalla."""

    def __init__(self, name: str, device: str) -> None:
        self.cfg, self.device = compose_config("train", OVERRIDES, None), device
        self.problem = build_problem(self.cfg)
        self.train = self.problem.split.train
        self.module = build_module(self.cfg, self.problem).to(device)
        embedding = self.module.encoder.embedding
        self.start = torch.cat([embedding.users.detach(), embedding.items.detach()]).clone()
        self.given, self.rank = self.batches(64), torch.unique(self.problem.split.test.users).long()
        self.lr, reg = float(self.cfg.lr), float(self.cfg.reg)
        if name.startswith("ltgnn"):
            self.step, self.rank = self.ltgnn(name.removeprefix("ltgnn, "))
        else:
            work = bench_peers.Work(self.train, self.rank, self.start, self.lr, reg, device)
            self.step, self.rank = bench_peers.side(name, work)

    def batches(self, number: int) -> list[tuple[Tensor, Tensor, Tensor]]:
        generator = torch.Generator().manual_seed(0)
        found = []
        for _ in range(number):
            rows = torch.randint(len(self.train), (int(self.cfg.batch_size),), generator=generator)
            users, pos = self.train.users[rows].long(), self.train.items[rows].long()
            neg = self.module.sampler.cpu()(users, pos, generator)[:, 0]
            found.append((users.to(self.device), pos.to(self.device), neg.to(self.device)))
        return found

    def ltgnn(self, form: str) -> tuple[Step, Rank]:
        optimizer = self.module.configure_optimizers()

        def step(users: Tensor, pos: Tensor, neg: Tensor) -> float:
            optimizer.zero_grad()
            loss = torch.stack(list(self.module.objective(Batch(users, pos, neg[:, None])).values())).sum()
            loss.backward()
            optimizer.step()
            return float(loss.detach())

        def rank() -> Tensor:
            seen, items = self.train.by_user, self.train.num_items
            return top_k(self.module.scorer(), self.rank, seen, items, 20, 16, self.device).items

        if form == "CUDA graph":
            return bench_cuda.graphed(self.module, self.lr, self.given[0]), rank
        return (bench_cuda.bf16(step) if form == "bf16" else step), rank

    # ---- what the driver asks for

    def losses(self, number: int) -> list[float]:
        """Of the first steps."""
        return [self.step(*batch) for batch in self.given[:number]]

    def steps(self, number: int) -> list[float]:
        """Seconds of steps after one to warm up."""
        self.step(*self.given[0])
        return [timed(partial(self.step, *batch), self.device) for batch in self.given[1 : number + 1]]

    def ranking(self, number: int) -> list[float]:
        """Seconds of the top-20 of all test users, so many times."""
        return [timed(self.rank, self.device) for _ in range(number)]

    def peak_gb(self) -> float:
        if self.device == "cuda":
            return torch.cuda.max_memory_allocated() / 1e9
        status = Path("/proc/self/status").read_text()  # ru_maxrss would count the parent that started this process
        return int(status.partition("VmHWM:")[2].split()[0]) / 1e6

    def card(self) -> dict[str, Any]:
        """The card's bandwidth and its kernels."""
        graph = self.module.graph
        matrix = Csr(graph.offsets, graph.columns, graph.weights)
        return {"copy": bench_cuda.copy_gb_a_second(), "kernels": bench_cuda.kernels(matrix, self.start)}

    def kernels(self) -> dict[str, float]:
        """Milliseconds of one propagation layer by kernel, and of two limits of this machine beside it.

        ``copy``: as many floats as the edges read, in order, to memory that is there. ``random rows``: the same sums of
        rows at uniformly random places of the same tables, which is what a graph without any order would cost.
        """
        graph, users, items = self.module.graph, self.train.num_users, self.train.num_items
        matrix, states = Csr(graph.offsets, graph.columns, graph.weights), self.start
        gathered = torch.rand(len(graph.columns) // 8, states.shape[1])  # an eighth of what the edges read
        target = torch.zeros_like(gathered)
        places = torch.rand(len(graph.columns))
        anywhere = torch.where(graph.columns < users, places * users, users + places * items).to(graph.columns.dtype)
        scattered = Csr(graph.offsets, anywhere.clamp(max=users + items - 1), graph.weights)
        by_cluster = renumber(matrix, matrix, cluster_order(matrix, states.nbytes // 2**17)).matrix
        scale = by_cluster.offsets.diff().clamp(min=1).reciprocal()[:, None]
        narrow, half = by_cluster.to(torch.float16), states.half()
        bare = partial(F.embedding_bag, mode="sum", include_last_offset=True)
        works: dict[str, Callable[[], Any]] = {
            "embedding_bag, by cluster": lambda: embedding_bag(by_cluster, states),
            "the same, weights as a scaling of rows": lambda: bare(by_cluster.columns, states, by_cluster.offsets).mul_(
                scale
            ),
            "half_gather, by cluster": lambda: half_gather(by_cluster, states),
            "the same, from float16 to float16": lambda: embedding_bag(narrow, half),
            "embedding_bag": lambda: embedding_bag(matrix, states),
            "csr": lambda: csr_product(matrix, states),
            "random rows": lambda: embedding_bag(scattered, states),
            "copy of E x d floats": lambda: target.copy_(gathered),
        }
        found = {}
        for name, work in works.items():
            work()
            found[name] = min(timed(work, "cpu") for _ in range(10)) * (8000 if name.startswith("copy") else 1000)
        return found | {"bytes": gathered.nbytes * 8}

    def implicit(self) -> dict[str, float]:
        """Seconds of one pass of implicit's ALS and BPR, d 64."""
        return bench_peers.implicit_passes(self.train, partial(timed, device="cpu"))


def timed(work: Callable[[], Any], device: str) -> float:
    start = time.perf_counter()
    work()
    if device == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter() - start


def serve(name: str, device: str, memory: str) -> None:
    """Answers lines until there are no more."""
    if memory == "ltgnn":
        keep_large_tables()
    side = Side(name, device)
    answers, sys.stdout = sys.stdout, sys.stderr  # what the libraries print is no answer
    for line in sys.stdin:
        asked = json.loads(line)
        answer = getattr(side, asked.pop("do"))(**asked)
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    serve(*sys.argv[1:])
