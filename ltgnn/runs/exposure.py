"""The popularity curve: which share of the train interactions, and of the recommendations, goes to popular items."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

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

    items, lists = folder / "items.parquet", folder / "topk.parquet"
    if not items.is_file() or not lists.is_file():
        return None
    counts = pl.read_parquet(items, columns=["train_count"])["train_count"].to_numpy()
    shown = pl.read_parquet(lists, columns=["items"])["items"].to_numpy()
    shown = np.stack(list(shown)) if shown.dtype == object else shown  # polars lists, not an array
    return cumulative(counts, shown[:, :k])


def cumulative(counts: NDArray[np.int64], shown: NDArray[np.int64]) -> Exposure | None:
    """Train ``counts`` [I] and ``shown`` items [n, k], -1 where a list is short; None where nothing was shown."""
    places = np.bincount(shown[shown >= 0], minlength=len(counts))
    if not counts.sum() or not places.sum():
        return None
    order = np.argsort(-counts, kind="stable")
    ends = np.unique(np.concatenate([[0], np.linspace(0, len(counts), STEPS + 1).round(), _first(len(counts))]))
    ends = ends.astype(np.int64)
    train, lists = (np.concatenate([[0], np.cumsum(values[order])]) / values.sum() for values in (counts, places))
    return Exposure(ends / len(counts), train[ends], lists[ends])


def _first(items: int) -> Array:
    """Closer steps where the curves are steep."""
    return np.linspace(0, max(1, items // 10), STEPS // 2).round()
