"""Ten million synthetic interactions with titles: import, 5-core, split, groups; seconds and peak memory of each.

    python scripts/bench_data.py [--interactions 10000000] [--format csv|parquet] [--out experiments/bench/data.md]

Limits of the project: under 90 s and under 4 GB on 2 cores. The measured part runs in a process of its own, so
that making the files does not count.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import threading
import time
from importlib.metadata import version
from pathlib import Path

import numpy as np
import polars as pl

from ltgnn.runs.environment import cpu_model

USERS_PER_MILLION, ITEMS_PER_MILLION = 60_000, 20_000
WORDS = [
    "lamp",
    "chair",
    "steel",
    "oak",
    "garden",
    "classic",
    "mini",
    "blue",
    "red",
    "large",
    "set",
    "of",
    "two",
    "travel",
    "kitchen",
    "pro",
    "soft",
    "cotton",
]


def make(folder: Path, interactions: int, form: str, seed: int = 0) -> None:
    """Zipf-like popularity, ids of 10 to 14 signs, times over a year, titles of 3 to 8 words."""
    generator = np.random.default_rng(seed)
    users = int(USERS_PER_MILLION * interactions / 1e6)
    items = int(ITEMS_PER_MILLION * interactions / 1e6)
    size = interactions
    chosen = (items * generator.random(size) ** 2.2).astype(np.int64)  # the first items are the popular ones
    rows = pl.DataFrame(
        {
            "user_id": (users * generator.random(size) ** 1.4).astype(np.int64),
            "item_id": chosen,
            "timestamp": 1_600_000_000 + generator.integers(0, 31_536_000, size),
            "rating": generator.integers(1, 6, size),
        }
    ).with_columns(
        pl.format("A{}XQ", pl.col("user_id").cast(pl.String).str.zfill(10)).alias("user_id"),
        pl.format("B{}", pl.col("item_id").cast(pl.String).str.zfill(9)).alias("item_id"),
    )
    rows.write_csv(folder / "interactions.csv") if form == "csv" else rows.write_parquet(
        folder / "interactions.parquet"
    )
    words = np.array(WORDS)
    titles = [" ".join(words[generator.integers(0, len(words), 3 + n % 6)]) + f" no. {n}" for n in range(items)]
    products = pl.DataFrame({"item_id": [f"B{n:09}" for n in range(items)], "title": titles})
    products.write_csv(folder / "items.csv") if form == "csv" else products.write_parquet(folder / "items.parquet")


class Watch:
    """Seconds and peak memory of each step; memory is sampled, because a process has only one high-water mark."""

    def __init__(self) -> None:
        self.steps: list[dict[str, object]] = []
        self.peak, self.running = 0, True
        threading.Thread(target=self._sample, daemon=True).start()

    def _sample(self) -> None:
        page = os.sysconf("SC_PAGE_SIZE")
        while self.running:
            with open("/proc/self/statm") as stream:
                self.peak = max(self.peak, int(stream.read().split()[1]) * page)
            time.sleep(0.01)

    def step(self, name: str, work, note):  # type: ignore[no-untyped-def]
        self.peak, start = 0, time.perf_counter()
        result = work()
        seconds = time.perf_counter() - start
        self.steps.append({"step": name, "seconds": seconds, "peak MB": self.peak / 1e6, "result": note(result)})
        return result


def measure(folder: Path, form: str) -> list[dict[str, object]]:
    watch = Watch()

    def imports():  # type: ignore[no-untyped-def]
        import ltgnn.data.catalog
        import ltgnn.data.cleaning
        import ltgnn.data.groups
        import ltgnn.data.sources.table
        import ltgnn.data.splits

        return ltgnn.data

    watch.step("start (torch, polars)", imports, lambda _: "")
    from ltgnn.data.catalog import load
    from ltgnn.data.cleaning import Cleaning
    from ltgnn.data.groups import ItemShare, MassShare
    from ltgnn.data.sources.table import Table
    from ltgnn.data.splits import LeaveOneOut, RandomSplit

    reader = Table(
        interactions={"all": f"interactions.{form}"},
        items=f"items.{form}",
        separator=None,
        quote='"',
        names=None,
        user="user_id",
        item="item_id",
        rating="rating",
        time="timestamp",
        time_format=None,
        item_key="item_id",
        item_fields={"title": "title"},
        item_numbers={},
        drop_incomplete=False,
        first_counts=False,
        keep_unknown=False,
    )
    cleaning = Cleaning(None, None, None, 5, 5, False, False)
    data = watch.step(
        "import and 5-core",
        lambda: load(lambda: folder, reader, cleaning),
        lambda d: (
            f"{d.card['read']['interactions']:,} -> {len(d.parts['all']):,} pairs, {d.num_users:,} x {d.num_items:,}"
        ),
    )
    parts = lambda s: f"{len(s.train):,} / {len(s.val):,} / {len(s.test):,}"  # noqa: E731
    split = watch.step("random split 80/10/10", lambda: RandomSplit(0.1, 0.1, 0)(data), parts)
    watch.step("leave one out by time", lambda: LeaveOneOut()(data), parts)
    policies = [
        ItemShare("items20", ["head", "tail"], [0.2, 0.8], "items"),
        MassShare("mass", ["head", "mid", "tail"], [0.5, 0.3, 0.2], "train interactions"),
    ]
    counts = split.train.item_counts
    watch.step("groups items20, mass", lambda: [p(counts) for p in policies], lambda g: str([x.sizes for x in g]))
    watch.step("fingerprint", lambda: split.fingerprint, lambda f: f[:16])
    watch.running = False
    return watch.steps


def machine() -> str:
    """Processor, cores, memory and versions: what a figure depends on."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    return (
        f"{cpu_model()}, {os.cpu_count()} cores, {memory:.0f} GB; "
        f"Python {platform.python_version()}, polars {version('polars')}, torch {version('torch')}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--interactions", type=int, default=10_000_000)
    parser.add_argument("--format", choices=["csv", "parquet"], default="csv")
    parser.add_argument("--out", type=Path, help="Markdown table to write")
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)  # of the measured process
    arguments = parser.parse_args()
    if arguments.folder:
        print(json.dumps(measure(arguments.folder, arguments.format)))
        return
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        make(folder, arguments.interactions, arguments.format)
        size = (folder / f"interactions.{arguments.format}").stat().st_size / 1e6
        command = [sys.executable, __file__, "--folder", str(folder), "--format", arguments.format]
        steps = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()[-1])
        whole = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1e3
    lines = [
        f"# Data: {arguments.interactions:,} synthetic interactions with titles",
        "",
        f"`python scripts/bench_data.py --interactions {arguments.interactions} --format {arguments.format}`, file of "
        f"{size:,.0f} MB, on {machine()}. Limits: 90 s, 4,000 MB.",
        "",
        "| step | seconds | peak MB | result |",
        "|---|---|---|---|",
        *(f"| {s['step']} | {s['seconds']:.1f} | {s['peak MB']:,.0f} | {s['result']} |" for s in steps),
        f"| whole | {sum(s['seconds'] for s in steps):.1f} | {whole:,.0f} | |",
    ]
    print("\n".join(lines))
    if arguments.out:
        arguments.out.parent.mkdir(parents=True, exist_ok=True)
        old = arguments.out.read_text() if arguments.out.is_file() else ""
        arguments.out.write_text("\n".join(lines) + "\n" + "".join(old.partition("\n## Memory")[1:]))


if __name__ == "__main__":
    main()
