"""Time and memory of one full evaluation: top-20 lists and every metric of conf/eval/full.yaml.

    python scripts/bench_evaluation.py                     # gowalla's test part (LTGNN_MIRROR/gowalla), d 64
    python scripts/bench_evaluation.py --synthetic 100000 1000000 --dim 16 --every 20 --repeats 1

Embeddings are random: time does not depend on their values. Each size runs in a process of its own, so that peak memory
is its own too. With --every 20, one user in 20 holds out pairs and is ranked; tables and train pairs are those of all.
Prints one line a repetition and writes experiments/bench/evaluation.json with --save.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import time
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # as the command line does: see ltgnn/cli.py

import torch
from hydra import compose, initialize_config_dir
from hydra.utils import instantiate

from ltgnn.config.paths import conf_dir
from ltgnn.data.groups import ItemShare, MassShare
from ltgnn.evaluation.evaluator import Evaluator
from ltgnn.runs.environment import cpu_model
from ltgnn.types import Interactions, Split

SAVED = Path(__file__).resolve().parents[1] / "experiments/bench/evaluation.json"


def gowalla() -> Split:
    """The published train and test files."""

    def read(name: str) -> Interactions:
        users, items = [], []
        for line in (folder / name).read_text().splitlines():
            user, *bought = map(int, line.split())
            users += [user] * len(bought)
            items += bought
        return Interactions(torch.tensor(users), torch.tensor(items), 29_858, 40_981)

    mirror = os.environ.get("LTGNN_MIRROR")
    if mirror is None:
        raise SystemExit("LTGNN_MIRROR is not set; a folder with gowalla/train.txt and gowalla/test.txt wanted.")
    folder = Path(mirror) / "gowalla"
    train = read("train.txt")
    return Split(train, train.select(torch.zeros(0, dtype=torch.int64)), read("test.txt"), "gowalla, published")


def synthetic(num_users: int, num_items: int, every: int) -> Split:
    """20 train pairs and 5 test pairs a user (of each user that is a multiple of ``every``), items by a power law."""
    generator = torch.Generator().manual_seed(0)
    users = torch.arange(num_users).repeat_interleave(25)
    items = (torch.rand(users.numel(), generator=generator) ** 3 * num_items).long()
    keys = torch.unique(users * num_items + items)
    pairs = Interactions(keys // num_items, keys % num_items, num_users, num_items)
    test = torch.rand(keys.numel(), generator=generator) < 0.2
    nothing = pairs.select(torch.zeros(0, dtype=torch.int64))
    name = f"synthetic {num_users} x {num_items}" + (f", one user in {every} ranked" if every > 1 else "")
    return Split(pairs.select(~test), nothing, pairs.select(test & (pairs.users % every == 0)), name)


def measure(split: Split, dim: int, ks: list[int], repeats: int) -> dict[str, Any]:
    """Seconds of each repetition and the peak memory of the process."""
    with initialize_config_dir(str(conf_dir()), version_base="1.3"):
        full = instantiate(compose("eval/full").eval, _convert_="all")
    counts = split.train.item_counts
    groups = {
        "items20": ItemShare("items20", ["head", "tail"], [0.2, 0.8], "items")(counts),
        "mass": MassShare("mass", ["head", "mid", "tail"], [0.5, 0.3, 0.2], "train interactions")(counts),
    }
    started = time.perf_counter()
    evaluator: Evaluator = full(split.test, [split.train, split.val], groups, ks=ks)
    built = time.perf_counter() - started
    generator = torch.Generator().manual_seed(0)
    users = torch.randn(split.train.num_users, dim, generator=generator)
    items = torch.randn(split.train.num_items, dim, generator=generator).T.contiguous()
    seconds, quick, cpu = [], [], []
    values: dict[str, float] = {}
    for _ in range(repeats):
        started, worked = time.perf_counter(), time.process_time()
        values = evaluator(lambda block: users[block] @ items).values
        seconds.append(round(time.perf_counter() - started, 2))
        cpu.append(round(time.process_time() - worked, 2))
        started = time.perf_counter()
        evaluator(lambda block: users[block] @ items, monitor=f"ndcg@{ks[0]}")
        quick.append(round(time.perf_counter() - started, 2))
        print(f"{split.name}: {len(values)} values {seconds[-1]} s, for the monitor {quick[-1]} s", flush=True)
    return {
        "data": split.name,
        "evaluated users": evaluator.users.numel(),
        "items": split.train.num_items,
        "dim": dim,
        "ks": ks,
        "values": len(values),
        "seconds": seconds,
        "processor seconds": cpu,  # of all threads: with a busy neighbour, a run takes longer than its share of these
        "seconds for the monitor": quick,
        "seconds to build": round(built, 2),
        "peak GB": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20, 2),
        "threads": torch.get_num_threads(),
        "processor": cpu_model(),
        "cpus": os.cpu_count(),
        "torch": torch.__version__,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--synthetic", nargs=2, type=int, metavar=("USERS", "ITEMS"))
    parser.add_argument("--every", type=int, default=1, help="of synthetic users, rank one in so many")
    parser.add_argument("--dim", type=int, default=64)
    parser.add_argument("--ks", type=int, nargs="+", default=[20])
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--save", action="store_true", help=f"add the result to {SAVED.name}")
    given = parser.parse_args()
    split = synthetic(*given.synthetic, given.every) if given.synthetic else gowalla()
    result = measure(split, given.dim, given.ks, given.repeats)
    print(json.dumps(result, indent=1))
    if given.save:
        SAVED.parent.mkdir(parents=True, exist_ok=True)
        known = json.loads(SAVED.read_text()) if SAVED.is_file() else []
        kept = [r for r in known if (r["data"], r["dim"], r["ks"]) != (result["data"], result["dim"], result["ks"])]
        SAVED.write_text(json.dumps([*kept, result], indent=1) + "\n")


if __name__ == "__main__":
    main()
