"""What tests of plots share."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import polars as pl
from matplotlib.figure import Figure

from tests.analysis.made import write_run

SIZES = {"head": 2, "tail": 6, "cold": 2}

FUSIONS = {"id": (0.10, 0.50), "sum": (0.14, 0.42), "$x$[b]": (0.12, 0.40)}


def texts(figure: Figure) -> str:
    from matplotlib.text import Text

    return "\n".join(text.get_text() for text in figure.findobj(Text) if isinstance(text, Text))


def write_sweep(folder: Path) -> Path:
    """Three fusions of two seeds, with lists, items and histories."""
    for fusion, (tail, head) in FUSIONS.items():
        for seed in (1, 2):
            run = write_run(folder / f"{fusion[-3:]}{seed}", seed, tail, head + 0.01 * seed, fusion=fusion)
            metrics = json.loads((run / "metrics.json").read_text())
            metrics["groups"] = {"items20": {"rule": "by share of items", "sizes": SIZES}}
            (run / "metrics.json").write_text(json.dumps(metrics))
            rows = [f"{epoch},{epoch}.5,{0.1 * epoch + 0.01 * seed},{1 / epoch}" for epoch in (1, 2, 3)]
            (run / "history.csv").write_text("\n".join(["epoch,seconds,val/ndcg@20,train/loss", *rows]) + "\n")
            lists = np.tile(np.arange(4, dtype=np.int64), (5, 1))
            pl.DataFrame({"user": range(5), "items": lists}).write_parquet(run / "topk.parquet")
            pl.DataFrame({"item": range(10), "train_count": range(10, 0, -1)}).write_parquet(run / "items.parquet")
    return folder
