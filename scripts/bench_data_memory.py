"""Memory that a Parquet file of interactions needs, in multiples of its size: rows read and cleaned, tables finished.

    python scripts/bench_data_memory.py [--rows 10000000] [--out experiments/bench/data.md]

Each figure is the high-water mark (VmHWM) of a process of its own above that of the same process on the first
thousand rows of the file: imports, program code and thread pools do not count, everything else does.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import polars as pl
from bench_data import ITEMS_PER_MILLION, USERS_PER_MILLION, machine

KINDS = ("whole-number ids", "text ids", "reviews with text")
STAGES = ("cleaned", "finished")


def make(folder: Path, kind: str, rows: int, seed: int = 0) -> None:
    """User, item, time (and, of reviews, rating and some 20 words of text); popularity is Zipf-like."""
    generator = np.random.default_rng(seed)
    users, items = (int(share * rows / 1e6) for share in (USERS_PER_MILLION, ITEMS_PER_MILLION))
    frame = pl.DataFrame(
        {
            "user_id": (users * generator.random(rows) ** 1.4).astype(np.int64),
            "item_id": (items * generator.random(rows) ** 2.2).astype(np.int64),
            "timestamp": 1_600_000_000 + generator.integers(0, 31_536_000, rows),
        }
    )
    if kind != KINDS[0]:
        frame = frame.with_columns(
            pl.format("A{}XQ", pl.col("user_id").cast(pl.String).str.zfill(10)).alias("user_id"),
            pl.format("B{}", pl.col("item_id").cast(pl.String).str.zfill(9)).alias("item_id"),
        )
    if kind == KINDS[2]:
        words = pl.Series([f"word{n}" for n in range(5000)])
        texts = [words.gather(generator.integers(0, 5000, rows)) for _ in range(20)]
        rating = pl.Series(generator.integers(1, 6, rows))
        frame = frame.with_columns(rating=rating, text=pl.concat_str(texts, separator=" "))
    frame.write_parquet(folder / "rows.parquet")
    frame.head(1000).write_parquet(folder / "few.parquet")


def measure(file: Path, stage: str) -> None:
    """Reads the file up to the stage; prints rows, users, items and two high-water marks in MB: of imports, of all."""
    from ltgnn.data.catalog import load
    from ltgnn.data.cleaning import Cleaning
    from ltgnn.data.sources.table import Table

    imports = mark()
    table = Table(
        interactions={"all": file.name},
        items=None,
        separator=None,
        quote=None,
        names=None,
        user="user_id",
        item="item_id",
        rating=None,
        time="timestamp",
        time_format=None,
        item_key="item_id",
        item_fields={},
        item_numbers={},
        drop_incomplete=False,
        first_counts=False,
        keep_unknown=False,
    )
    cleaning = (
        Cleaning(None, None, None, 5, 5, False, False)
        if file.stem == "rows"
        else Cleaning(None, None, None, 1, 1, False, False)
    )
    if stage == "cleaned":
        raw, _ = cleaning(table(file.parent))
        found = len(raw), len(raw.user_ids), len(raw.item_ids)
    else:
        data = load(lambda: file.parent, table, cleaning)
        found = len(data.parts["all"]), data.num_users, data.num_items
    print(*found, imports, mark())


def mark() -> float:
    """The most memory that this process has had so far, in MB."""
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) * 1024 / 1e6


def run(file: Path, stage: str) -> list[float]:
    command = [sys.executable, __file__, "--file", str(file), "--stage", stage]
    return [float(word) for word in subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=10_000_000, help="a fifth as many reviews")
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=KINDS)
    parser.add_argument("--out", type=Path, help="Markdown file whose section Memory is written anew")
    parser.add_argument("--file", type=Path, help=argparse.SUPPRESS)  # of the measured process
    parser.add_argument("--stage", choices=STAGES, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.file:
        measure(arguments.file, arguments.stage)
        return
    lines = [
        "## Memory",
        "",
        f"`python scripts/bench_data_memory.py --rows {arguments.rows}` on {machine()}.",
        "Rows of user, item, time, through repeats and 5-core. Cleaned: the rows that are left. Finished: the",
        "`Dataset`, its `Interactions` with two 4-byte ids and an 8-byte time a row (last column, in files), raw ids",
        "and card. Counted is the peak of the whole process up to the end of the stage, above the start: the same",
        "process on a thousand rows. So imports and what first use of the libraries takes (start less imports) do not",
        "count, everything else does.",
        "",
        "| file | rows | file MB | imports MB | start MB | cleaned, MB | ratio | finished, MB | ratio | columns |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for kind in arguments.kinds:
        with tempfile.TemporaryDirectory() as temporary:
            folder = Path(temporary)
            rows = arguments.rows // (5 if kind == KINDS[2] else 1)
            make(folder, kind, rows)
            size = (folder / "rows.parquet").stat().st_size / 1e6
            cells = []
            for stage in STAGES:
                *_, imports, few = run(folder / "few.parquet", stage)
                pairs, *_, peak = run(folder / "rows.parquet", stage)
                cells.append(f"+{peak - few:,.0f} | {(peak - few) / size:.2f}")
            start, tables = f"{imports:,.0f} | {few:,.0f}", 16 * pairs / 1e6 / size
            lines.append(f"| {kind} | {rows:,} | {size:,.0f} | {start} | {cells[0]} | {cells[1]} | {tables:.2f} |")
    print("\n".join(lines))
    if arguments.out:
        old = arguments.out.read_text() if arguments.out.is_file() else ""
        arguments.out.write_text(old.partition("\n## Memory")[0].rstrip() + "\n\n" + "\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
