"""One side of `bench.py`: a library's training step and ranking, in a process of its own that obeys lines of JSON.

    python scripts/bench_sides.py SIDE DEVICE MEMORY     reads {"do": NAME, ..} from stdin, answers a line of JSON each

MEMORY: ``ltgnn`` takes the memory settings of `ltgnn train` (ltgnn/memory.py), ``plain`` those a process starts with.
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
import torch
from torch import Tensor

from ltgnn.build import build_module, build_setting
from ltgnn.encode import configured
from ltgnn.evaluation.topk import top_k
from ltgnn.graph.kernels import Csr, csr_product, embedding_bag
from ltgnn.graph.locality import cluster_order, renumbered
from ltgnn.memory import keep_large_tables
from ltgnn.types import Batch

SIDES = ("ltgnn", "PyG csr", "PyG edge_index")
ON_CARD = ("ltgnn, bf16", "ltgnn, CUDA graph")
OVERRIDES = ["experiment=lightgcn_gowalla", "sampler.epoch_unit=edges", "eval=accuracy"]

Step = Callable[[Tensor, Tensor, Tensor], float]
"""``(users [B], positives [B], negatives [B]) -> loss``; forward, backward and one step of Adam."""


class Side:
    """A library on Gowalla."""

    def __init__(self, name: str, device: str) -> None:
        self.cfg, self.device = configured(OVERRIDES, None), device
        self.setting = build_setting(self.cfg)
        self.train = self.setting.split.train
        self.module = build_module(self.cfg, self.setting).to(device)
        embedding = self.module.encoder.embedding
        self.start = torch.cat([embedding.users.detach(), embedding.items.detach()]).clone()
        self.lr, self.given = float(self.cfg.lr), self.batches(64)
        library, _, form = name.replace(",", "").partition(" ")
        self.step, self.rank = self.pyg(form) if library == "PyG" else self.ltgnn(form)

    def batches(self, number: int) -> list[tuple[Tensor, Tensor, Tensor]]:
        generator = torch.Generator().manual_seed(0)
        found = []
        for _ in range(number):
            rows = torch.randint(len(self.train), (int(self.cfg.batch_size),), generator=generator)
            users, pos = self.train.users[rows].long(), self.train.items[rows].long()
            neg = self.module.sampler.cpu()(users, pos, generator)[:, 0]
            found.append((users.to(self.device), pos.to(self.device), neg.to(self.device)))
        return found

    def ltgnn(self, form: str) -> tuple[Step, Callable[[], Tensor]]:
        optimizer = self.module.configure_optimizers()

        def step(users: Tensor, pos: Tensor, neg: Tensor) -> float:
            optimizer.zero_grad()
            loss = torch.stack(list(self.module.objective(Batch(users, pos, neg[:, None])).values())).sum()
            loss.backward()
            optimizer.step()
            return float(loss.detach())

        def rank() -> Tensor:
            users, train = torch.unique(self.setting.split.test.users).long(), self.train
            return top_k(self.module.scorer(), users, train.by_user, train.num_items, 20, 16, self.device).items

        if form == "CUDA graph":
            return bench_cuda.graphed(self.module, self.lr, self.given[0]), rank
        return (bench_cuda.bf16(step) if form == "bf16" else step), rank

    def pyg(self, form: str) -> tuple[Step, Callable[[], Tensor]]:
        """torch-geometric's model in its official loop (``edge_index``), or on a ready CSR adjacency (``csr``); its
        ranking is a matrix product and torch.topk."""
        from torch_geometric.nn import LightGCN

        train, size, reg = self.train, self.train.num_users + self.train.num_items, float(self.cfg.reg)
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
            loss = model.recommendation_loss(good, bad, node_id=nodes, lambda_reg=reg / 2)  # has no 1/2 of its own
            loss.backward()
            optimizer.step()
            return float(loss.detach())

        ranked, (starts, seen) = torch.unique(self.setting.split.test.users).to(self.device), train.by_user
        starts, seen = starts.to(self.device), seen.to(self.device)

        def rank() -> Tensor:
            lists = []
            with torch.no_grad():
                out = model.get_embedding(edges)
                left, right = out[: train.num_users], out[train.num_users :]
                for block in ranked.split(1024):
                    scores = left[block] @ right.T
                    counts = starts[block + 1] - starts[block]
                    rows = torch.repeat_interleave(counts)
                    within = torch.arange(len(rows), device=rows.device) - (counts.cumsum(0) - counts)[rows]
                    scores[rows, seen[starts[block][rows] + within]] = -torch.inf
                    lists.append(scores.topk(20).indices.cpu())
            return torch.cat(lists)

        return step, rank

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
        by_cluster = renumbered(matrix, matrix, cluster_order(matrix, states.nbytes // 2**17)).matrix
        works: dict[str, Callable[[], Any]] = {
            "embedding_bag, by cluster": lambda: embedding_bag(by_cluster, states),
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
        """Seconds of one pass of implicit's ALS and BPR, d 64; empty where it is not installed."""
        try:
            from implicit.als import AlternatingLeastSquares
            from implicit.bpr import BayesianPersonalizedRanking
        except ImportError:
            return {}
        import numpy as np
        import scipy.sparse as sp

        train = self.train
        shape = (train.num_users, train.num_items)
        matrix = sp.csr_matrix((np.ones(len(train), np.float32), (train.users.numpy(), train.items.numpy())), shape)
        found = {}
        for name, kind in {"ALS": AlternatingLeastSquares, "BPR": BayesianPersonalizedRanking}.items():
            models = [kind(64, iterations=n) for n in (1, 3)]
            times = [timed(partial(model.fit, matrix, show_progress=False), "cpu") for model in models]
            found[name] = (times[1] - times[0]) / 2
        return found


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
