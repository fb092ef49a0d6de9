"""The popularity curve: which share of the train interactions, and of the recommendations, goes to popular items."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ltgnn.runs.checksums import warn_if_changed

Array = NDArray[np.float64]

STEPS = 100


@dataclass(frozen=True)
class Exposure:
    """Cumulative shares over the items from the most popular on; all three start at 0 and end at 1.  [n]"""

    items: Array  # share of the catalogue
    train: Array  # share of the train interactions that these items have
    lists: Array  # share of the places in the lists that these items get


def exposure(folder: Path, k: int) -> Exposure | None:
    """Of the first ``k`` places of a run's test lists; None where the run has kept no lists or no items.

    Items are ranked by train count, ties by smaller number, as the groups are.
    """
    import polars as pl

    shown = places(folder, k)
    if shown is None:
        return None
    counts = pl.read_parquet(folder / "items.parquet", columns=["train_count"], glob=False)["train_count"].to_numpy()
    return cumulative(counts, shown)


def places(folder: Path, k: int) -> NDArray[np.int64] | None:
    """How many of the first ``k`` places of a run's test lists each item has.  [I]"""
    import polars as pl

    items, lists = folder / "items.parquet", folder / "topk.parquet"
    if not items.is_file() or not lists.is_file():
        return None
    for file in (items, lists):
        warn_if_changed(folder, file.name)
    shown = pl.read_parquet(lists, columns=["items"], glob=False)["items"].to_numpy()
    shown = np.stack(list(shown)) if shown.dtype == object else shown  # polars lists, not an array
    first = shown[:, :k]
    rows: int = pl.scan_parquet(items, glob=False).select(pl.len()).collect().item()
    found: NDArray[np.int64] = np.bincount(first[first >= 0], minlength=rows)
    return found


def cumulative(counts: NDArray[np.int64], shown: NDArray[np.int64]) -> Exposure | None:
    """From train ``counts`` [I] and places in the lists ``shown`` [I]; None where either is all 0."""
    if not counts.sum() or not shown.sum():
        return None
    order = np.argsort(-counts, kind="stable")
    ends = np.unique(np.concatenate([[0], np.linspace(0, len(counts), STEPS + 1).round(), first_places(len(counts))]))
    ends = ends.astype(np.int64)
    train, lists = (np.concatenate([[0], np.cumsum(values[order])]) / values.sum() for values in (counts, shown))
    return Exposure(ends / len(counts), train[ends], lists[ends])


def first_places(items: int) -> Array:
    """Closer steps where the curves are steep."""
    return np.linspace(0, max(1, items // 10), STEPS // 2).round()
