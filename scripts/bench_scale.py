"""Time and memory against edges and width, on synthetic power-law data: seconds a step, an epoch, peak memory.

    python scripts/bench_scale.py [--edges 1e5,3e5,1e6,3e6,1e7,2e7] [--dims 64] [--inside 0] [--kernel embedding_bag]
        [--steps 5] [--save NAME]

60,000 users and 20,000 items per million interactions, Zipf-like popularity; LightGCN-3, BPR, one negative. ``inside``:
the share of interactions with an item of the user's own community of 3,000 users and 1,000 items, whose ids are spread
over the tables; with 0 any user meets any item, and no order of the nodes brings neighbours together. A step is
one pass over the graph, forward and backward, and one step of Adam. An epoch has ``--passes`` steps (400) whatever the
edges, each on ``shared_batches`` mini-batches of about 2,048 pairs: its time can then be linear in the edges, where a
fixed batch would make it quadratic. The best of ``--steps`` counts. Ranking: top-20 of 2,000 users with held-out
items. ``layer``: the kernel alone, all nodes from all nodes. ``random rows``: the same kernel on as many rows at places
drawn uniformly from tables of the same sizes: what this memory gives without any order; ``rows in order``: on
as many rows one after the other, what it gives where every next one is foreseen. Each case runs in a process of its
own, whose high-water mark is its memory. Prints Markdown with exponents of fits from 1e6 edges on; --save writes
experiments/bench/NAME.{md,json,png} and leaves the cases of other sizes that are there.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # as the command line does: see ltgnn/cli.py
os.environ.setdefault("THP_MEM_ALLOC_ENABLE", "1")

import numpy as np
import torch
from hydra.utils import instantiate

from ltgnn.build import Problem, build_module
from ltgnn.config.composing import compose_config
from ltgnn.graph.kernels import Csr, bags, underlying_kernel
from ltgnn.graph.tables import reused_memory
from ltgnn.runs.environment import cpu_model
from ltgnn.sampling.batches import PairBatches
from ltgnn.training.memory import huge_pages, keep_large_tables
from ltgnn.types import Batch, Dataset, Interactions, Split

SAVED = Path(__file__).resolve().parents[1] / "experiments/bench"
JUDGED = 2_000  # users with held-out items
WARM = 6  # steps that are not counted: memory is new


COMMUNITY = 1_000  # items


def synthetic(edges: int, inside: float) -> tuple[Interactions, Interactions]:
    """Train and test pairs: distinct, popularity falling like a power law, in all and within a community."""
    generator = np.random.default_rng(0)
    num_users, num_items = max(300, edges * 6 // 100), max(100, edges * 2 // 100)
    wanted, keys = edges + JUDGED, np.empty(0, np.int64)
    while len(keys) < wanted:
        size = int(1.3 * (wanted - len(keys))) + 1000
        users = (num_users * generator.random(size) ** 1.4).astype(np.int64)
        items = (num_items * generator.random(size) ** 2.2).astype(np.int64)
        if inside:
            own = generator.random(size) < inside
            items[own] = within(users[own], generator, max(1, num_items // COMMUNITY))
        keys = np.unique(np.concatenate([keys, users * num_items + items]))
    keys = torch.from_numpy(generator.permutation(keys)[:wanted])
    users, items = keys // num_items, keys % num_items
    parts = slice(None, edges), slice(edges, None)
    train, test = (Interactions(users[p].clone(), items[p].clone(), num_users, num_items) for p in parts)
    return train, test


def within(users: np.ndarray, generator: np.random.Generator, communities: int) -> np.ndarray:
    """An item of each user's community: one of any ``communities`` ids in a row, the lower ones more often."""
    rank = (COMMUNITY * generator.random(len(users)) ** 2.2).astype(np.int64)
    return rank * communities + (users + 7919 * rank) % communities


@reused_memory()  # as in training
def case(edges: int, dim: int, inside: float, kernel: str, steps: int, passes: int) -> dict[str, Any]:
    """Everything about one size, in this process."""
    train, test = synthetic(edges, inside)
    shared = max(1, round(len(train) / 2048 / passes))
    pairs = PairBatches(train, math.ceil(len(train) / passes), "edges", 0)
    words = ["model=lightgcn", "features=none", "loss=bpr", "eval=accuracy", "logger=none", "paths.run_dir=/nowhere"]
    cfg = compose_config("train", [*words, f"dim={dim}", f"shared_batches={shared}", f"graph/kernel={kernel}"], None)
    empty = train.select(torch.zeros(0, dtype=torch.int64))
    split = Split(train, empty, test, "synthetic")
    groups = {name: policy(train.item_counts) for name, policy in instantiate(cfg.groups).items()}
    judge = instantiate(cfg.eval)(test, [train], groups, None, {})
    nobody: list[str] = []
    problem = Problem(Dataset("synthetic", {}, nobody, nobody), split, groups, lambda: None)
    start = time.perf_counter()
    module = build_module(cfg, problem, {"test": judge}).train()
    built = time.perf_counter() - start
    optimizer, taken = module.configure_optimizers(), []
    for number, batch in zip(range(steps + WARM), pairs, strict=False):
        start = time.perf_counter()
        negatives = module.sampler(batch.users, batch.pos, torch.Generator().manual_seed(number))
        optimizer.zero_grad()
        torch.stack(list(module.objective(Batch(batch.users, batch.pos, negatives)).values())).sum().backward()
        optimizer.step()
        taken.append(time.perf_counter() - start)
    step = min(taken[WARM:])
    start = time.perf_counter()
    judge(module.scorer(), device="cpu")
    judged = time.perf_counter() - start
    memory = Path("/proc/self/status").read_text()  # ru_maxrss would count the parent that started this process
    matrix, table = (
        Csr(module.graph.offsets, module.graph.columns, module.graph.weights),
        torch.randn(module.graph.size, dim),
    )
    places = [sum(row_seconds(rows, dim, way) for rows in (train.num_users, train.num_items)) for way in (False, True)]
    return {
        "edges": edges,
        "users": train.num_users,
        "items": train.num_items,
        "dim": dim,
        "inside": inside,
        "kernel": kernel,
        "shared_batches": shared,
        "building s": built,
        "step s": step,
        "epoch s": step * len(pairs),
        "layer s": best(partial(underlying_kernel(module.graph.kernel), matrix, table)),
        "random rows s": places[0] * len(train),
        "rows in order s": places[1] * len(train),
        "ranking s": judged,
        "peak GB": int(memory.partition("VmHWM:")[2].split()[0]) / 1e6,
    }


def best(work: Callable[[], object], rounds: int = 4) -> float:
    """The least seconds of some calls after the first."""
    work()
    taken = []
    for _ in range(rounds):
        start = time.perf_counter()
        work()
        taken.append(time.perf_counter() - start)
    return min(taken)


def row_seconds(rows: int, dim: int, in_order: bool, entries: int = 2**21) -> float:
    """Seconds for each row added up from a table [rows, dim], 16 to a sum: from random places or in order."""
    offsets = torch.arange(0, entries + 1, 16, dtype=torch.int32)
    columns = torch.arange(entries) % rows if in_order else torch.randint(rows, (entries,))
    return best(partial(bags, Csr(offsets, columns.int(), torch.ones(entries)), torch.randn(rows, dim))) / entries


def exponent(found: list[dict[str, Any]], what: str, least: float = 1e6) -> float | None:
    """Slope of log seconds against log edges."""
    chosen = [one for one in found if one["edges"] >= least and what in one]
    if len(chosen) < 2:
        return None
    return float(np.polyfit([math.log(c["edges"]) for c in chosen], [math.log(c[what]) for c in chosen], 1)[0])


def named(one: dict[str, Any]) -> tuple[Any, ...]:
    """Which case it is."""
    return *line_of(one), one["edges"]


def line_of(one: dict[str, Any]) -> tuple[Any, ...]:
    """What the cases of one curve share."""
    return one["dim"], one["inside"], one["kernel"]


def titled(dim: float, inside: float, kernel: str) -> str:
    return f"d {dim:g}" + f", communities {inside:g}" * bool(inside) + f", {kernel}" * (kernel != "embedding_bag")


def machine() -> str:
    return f"{cpu_model()}, {os.cpu_count()} cores, torch {torch.__version__}"


def report(found: list[dict[str, Any]], command: str) -> str:
    head = max(map(list, found), key=len)  # a case that an earlier version of this file measured has fewer values
    lines = ["# Time and memory against edges", "", f"`{command}` on {machine()}.", "", "| " + " | ".join(head) + " |"]
    lines.append("|" + "---|" * len(head))
    for one in found:
        cells = ["–" if name not in one else shown(one[name]) for name in head]
        lines.append("| " + " | ".join(cells) + " |")
    for line in sorted({line_of(one) for one in found}):
        chosen = [one for one in found if line_of(one) == line]
        measured = ("epoch s", "layer s", "random rows s", "rows in order s")
        slopes = {what: slope for what in measured if (slope := exponent(chosen, what)) is not None}
        if slopes:
            fits = ", ".join(f"{what.removesuffix(' s')} ~ edges^{slope:.2f}" for what, slope in slopes.items())
            lines += ["", f"{titled(*line)}, from 1e6 edges on: {fits}."]
    return "\n".join(lines) + "\n"


def shown(value: float | str) -> str:
    if isinstance(value, str):
        return value
    return f"{value:,.0f}" if value == int(value) else f"{value:.3g}"


def draw(found: list[dict[str, Any]], file: Path) -> None:
    """Seconds of an epoch and memory against edges, a line for each width, both axes logarithmic."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8.5, 3.6), layout="constrained")
    panels = zip(figure.subplots(1, 2), ("epoch s", "peak GB"), ("seconds an epoch", "peak memory, GB"), strict=True)
    for axes, key, title in panels:
        for line in sorted({line_of(one) for one in found}):
            chosen = [one for one in found if line_of(one) == line]
            sizes, values, style = [c["edges"] for c in chosen], [c[key] for c in chosen], "--" if line[1] else "-"
            axes.loglog(sizes, values, style, marker="o", ms=4, label=titled(*line))
        if key == "epoch s":  # what linear would look like
            sizes = sorted({one["edges"] for one in found})
            least = min(one[key] for one in found if one["edges"] == sizes[0])
            linear = [0.5 * least * size / sizes[0] for size in sizes]
            axes.loglog(sizes, linear, color="0.6", ls="--", lw=1, label="slope 1")
        axes.set(xlabel="train interactions", ylabel=title)
        axes.grid(alpha=0.3)
        axes.spines[["top", "right"]].set_visible(False)
    lines = figure.axes[0].get_legend_handles_labels()
    figure.legend(*lines, loc="outside right upper", frameon=False)
    figure.savefig(file, dpi=150)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--edges", default="1e5,3e5,1e6,3e6,1e7,2e7")
    parser.add_argument("--dims", default="64")
    parser.add_argument("--inside", type=float, default=0.0, help="share within a user's community")
    parser.add_argument("--kernel", default="embedding_bag", help="a word of conf/graph/kernel")
    parser.add_argument("--steps", type=int, default=5)
    parser.add_argument("--passes", type=int, default=400, help="steps an epoch at most")
    parser.add_argument("--save")
    parser.add_argument("--case", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    huge_pages()
    keep_large_tables()
    if arguments.case:
        edges, dim = (int(number) for number in arguments.case.split(","))
        print(json.dumps(case(edges, dim, arguments.inside, arguments.kernel, arguments.steps, arguments.passes)))
        return
    found: list[dict[str, Any]] = []
    for dim in arguments.dims.split(","):
        for edges in arguments.edges.split(","):
            command = [sys.executable, __file__, "--case", f"{int(float(edges))},{dim}"]
            command += ["--steps", str(arguments.steps), "--passes", str(arguments.passes)]
            command += ["--inside", str(arguments.inside), "--kernel", arguments.kernel]
            output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
            found.append(json.loads(output.splitlines()[-1]))
            print(found[-1], flush=True)
    if arguments.save and (file := SAVED / f"{arguments.save}.json").exists():
        made = {named(one) for one in found}
        found += [one for one in json.loads(file.read_text())["cases"] if named(one) not in made]
    found.sort(key=named)
    options = f"--steps {arguments.steps} --passes {arguments.passes}"
    text = report(found, f"python scripts/bench_scale.py --edges .. --dims .. --inside .. --kernel .. {options}")
    print(text)
    if arguments.save:
        (SAVED / f"{arguments.save}.md").write_text(text)
        (SAVED / f"{arguments.save}.json").write_text(
            json.dumps({"machine": machine(), "cases": found}, indent=1) + "\n"
        )
        draw(found, SAVED / f"{arguments.save}.png")


if __name__ == "__main__":
    main()
