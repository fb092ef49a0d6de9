"""Fresh events folded into a LightGCN on gowalla: seconds, and the difference to a build from scratch.

    LTGNN_MIRROR=... python scripts/bench_update.py [--events 1000] [--out experiments/search/update_gowalla.json]

The weights are as initialised: neither time nor exactness depends on them. Events are drawn by popularity, a tenth of
the users and 1 % of the items new. Loading the run and writing the result are not part of the time.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import torch

from ltgnn.build import build_module, build_problem
from ltgnn.config.composing import compose_config
from ltgnn.inference.fold_in import FoldIn
from ltgnn.inference.new_interactions import encode_new, extend_problem, rebuild_module


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=1000)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    cfg = compose_config("train", ["experiment=lightgcn_gowalla", "logger=none", "hydra.searchpath=[]"], None)
    cfg.paths.run_dir = "/nowhere"
    problem = build_problem(cfg)
    module = build_module(cfg, problem).eval()
    draw = torch.Generator().manual_seed(1)
    data, train, n = problem.dataset, problem.split.train, arguments.events
    users = torch.randint(data.num_users, (n,), generator=draw).tolist()
    items = torch.multinomial(train.item_counts.float(), n, replacement=True, generator=draw).tolist()
    events = [
        (f"new-{row}" if row % 10 == 0 else data.user_ids[user],
         f"new-{row}" if row % 100 == 0 else data.item_ids[item])
        for row, (user, item) in enumerate(zip(users, items, strict=True))
    ]  # fmt: skip
    model = FoldIn(problem, module)
    wall, cpu = [], []
    for _ in range(arguments.repeats):
        started, used = time.perf_counter(), time.process_time()
        new = encode_new(data, train, events, {})
        after = extend_problem(cfg, problem, new)
        prepared = time.perf_counter() - started
        encoded, update = model.update(new, after)
        wall.append(time.perf_counter() - started)
        cpu.append(time.process_time() - used)
    started = time.perf_counter()
    wanted = rebuild_module(cfg, problem, after, module.state_dict()).encode_all()
    scratch = time.perf_counter() - started
    report = {
        "data": data.name, "users": data.num_users, "items": data.num_items, "train": len(train), "events": n,
        "new pairs": len(new.users), "new users": len(new.user_ids), "new items": len(new.item_ids),
        "nodes computed anew by layer": update.computed,
        "seconds, coding of ids to vectors, each repeat": [round(s, 3) for s in wall],
        "of these before the vectors": round(prepared, 3),
        "CPU seconds": [round(s, 3) for s in cpu],
        "seconds, graph and vectors from scratch": round(scratch, 3),
        "largest difference": max(
            float((encoded.users - wanted.users).abs().max()), float((encoded.items - wanted.items).abs().max())
        ),
        "threads": torch.get_num_threads(),
    }  # fmt: skip
    text = json.dumps(report, indent=1) + "\n"
    print(text)
    if arguments.out:
        arguments.out.write_text(text)


if __name__ == "__main__":
    main()
