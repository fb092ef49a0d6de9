"""Memory of each process under dimension-parallel training: what d / R columns leave of the single process's.

    python scripts/bench_dim_parallel.py [--processes 1,2,4] [--save]

LightGCN-3, BPR, Adam on synthetic interactions. Counted is the highest resident memory of the training steps above what
the process had before its tables were there (program, graph), so: tables, gradients, Adam's moments and the layers.
"""

from __future__ import annotations

import argparse
import ctypes
import gc
import json
import os
import platform
import subprocess
import sys
from functools import partial
from pathlib import Path

BENCH = Path(__file__).parents[1] / "experiments/bench"


def resident(field: str) -> float:
    """MiB of /proc/self/status: VmRSS now, VmHWM the highest."""
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith(field))


def settle() -> None:
    """Give back what is free, or later tables would be found in it and not be counted."""
    gc.collect()
    if sys.platform == "linux":
        ctypes.CDLL("libc.so.6").malloc_trim(0)


def worker(rank: int, world: int, users: int, items: int, edges: int, dim: int) -> None:
    """One process: three steps; prints its memory."""
    import torch
    import torch.distributed as dist

    from ltgnn.graph.bipartite import BipartiteGraph
    from ltgnn.losses.ranking import BPR
    from ltgnn.models.embedding import NodeEmbedding
    from ltgnn.models.fusion import Id
    from ltgnn.models.lightgcn import LightGCN
    from ltgnn.models.readout import Mean
    from ltgnn.tensors.sharded_columns import ShardedColumns
    from ltgnn.types import Batch, Interactions

    dist.init_process_group("gloo", rank=rank, world_size=world)
    torch.manual_seed(0)
    pairs = torch.unique(torch.randint(users * items, (edges,)))
    train = Interactions(pairs // items, pairs % items, users, items)
    graph = BipartiteGraph(train, lambda receiver, sender: (receiver * sender).rsqrt(), None)
    batch = Batch(train.users[:2048], train.items[:2048], torch.randint(items, (2048, 1)))
    small = LightGCN(NodeEmbedding(train, world, torch.nn.init.normal_, Id, None), 3, Mean(True))
    BPR()(batch, small(graph), []).backward()  # kernels, buffers and modules are there before we count
    torch.optim.Adam(small.parameters()).step()
    torch.manual_seed(0)
    del small
    settle()
    before = resident("VmRSS")
    embedding = NodeEmbedding(train, dim, partial(torch.nn.init.normal_, std=0.1), Id, None)
    embedding.cut_columns(rank, world)
    settle()
    columns = ShardedColumns() if world > 1 else None
    Path("/proc/self/clear_refs").write_text("5")  # the highest mark starts here
    model, loss = LightGCN(embedding, 3, Mean(True)), BPR()
    adam = torch.optim.Adam(model.parameters(), lr=1e-3)
    for _ in range(3):
        adam.zero_grad()
        total = loss(batch, model(graph)._replace(columns=columns), [])
        total.backward()
        adam.step()
    report = {"mib": round(resident("VmHWM") - before, 1), "loss": float(total.detach())}
    print(json.dumps(report), flush=True)
    dist.destroy_process_group()


def measured(world: int, sizes: list[str]) -> list[dict[str, float]]:
    """What each of ``world`` processes printed."""
    port = str(29500 + world + os.getpid() % 1000)
    place = {**os.environ, "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port, "OMP_NUM_THREADS": "1"}
    command = [sys.executable, __file__, "--worker"]
    started = [
        subprocess.Popen([*command, str(rank), str(world), *sizes], env=place, stdout=subprocess.PIPE, text=True)
        for rank in range(world)
    ]
    return [json.loads(process.communicate()[0].splitlines()[-1]) for process in started]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--processes", default="1,2,4")
    parser.add_argument("--sizes", default="200000,100000,200000,256", help="users, items, edges, dim")
    parser.add_argument("--save", action="store_true", help="dim_parallel.json and dim_parallel.md below experiments")
    parser.add_argument("--worker", nargs=6, type=int, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.worker:
        worker(*given.worker)
        return
    sizes = given.sizes.split(",")
    found = {int(world): measured(int(world), sizes) for world in given.processes.split(",")}
    one = found[1][0]["mib"]
    lines = [
        "# Memory of a process, dimension-parallel",
        "",
        f"`python scripts/bench_dim_parallel.py --save`, {platform.machine()}, {os.cpu_count()} cores; users,",
        f"items, edges, dim: {', '.join(sizes)}; LightGCN-3, BPR, Adam, three steps. MiB above program and graph.",
        "",
        "| processes | MiB of each | of one process's | loss of the third step |",
        "|---:|---|---:|---:|",
    ]
    for world, each in found.items():
        sizes_of = ", ".join(f"{r['mib']:.0f}" for r in each)
        lines.append(f"| {world} | {sizes_of} | {max(r['mib'] for r in each) / one:.3f} | {each[0]['loss']:.6f} |")
    page = "\n".join(lines) + "\n"
    print(page)
    if given.save:
        (BENCH / "dim_parallel.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
        (BENCH / "dim_parallel.md").write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
