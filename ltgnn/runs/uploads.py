"""What a run shows in W&B besides its numbers: made from the plain files of its folder, so both agree."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ltgnn.runs.exposure import exposure, places
from ltgnn.runs.folder import RunFolder

MOST_ITEMS = 1_000
"""Points of a scatter plot."""


def pictures(folder: Path) -> dict[str, Any]:
    """Name -> table or chart: values by group, popularity curve, head and tail item by item."""
    import wandb

    metrics = RunFolder(folder).read_json("metrics.json")
    test: dict[str, float] = metrics.get("test", {})
    lengths = [int(name[5:]) for name in test if name.startswith("ndcg@")]
    if not lengths:
        return {}
    k = 20 if 20 in lengths else max(lengths)
    found: dict[str, Any] = {"groups": wandb.Table(columns=["policy", "group", "items", "ndcg", "recall"])}
    for policy, card in metrics.get("groups", {}).items():
        for name, size in card["sizes"].items():
            values = [test.get(f"{policy}/{name}/{metric}@{k}") for metric in ("ndcg", "recall")]
            found["groups"].add_data(policy, name, size, *values)
    if (curve := exposure(folder, k)) is not None:
        shares = [curve.train.tolist(), curve.lists.tolist()]
        keys = ["train interactions", "recommendations"]
        found["popularity"] = wandb.plot.line_series(
            curve.items.tolist(), shares, keys, "Exposure by popularity", "share of the items, the most popular first"
        )
    if (table := _items(folder, k)) is not None:
        title = f"Each item: train interactions and places in the first {k} of a list"
        found["head_tail"] = wandb.plot.scatter(table, "train_count", "recommended", title=title)
    return found


def _items(folder: Path, k: int) -> Any:
    """Items from the most popular to the rarest, at most ``MOST_ITEMS``, and how often each is shown."""
    import polars as pl
    import wandb

    if (shown := places(folder, k)) is None:
        return None
    items = pl.read_parquet(folder / "items.parquet", glob=False).with_columns(pl.Series("recommended", shown))
    items = items.sort("train_count", descending=True, maintain_order=True)
    items = items.gather_every(-(-len(items) // MOST_ITEMS))
    group = "group_items20" if "group_items20" in items.columns else None
    kept = items.select("id", "title", "train_count", "recommended", *([group] if group else []))
    rows = [list(row) for row in kept.iter_rows()]
    table = wandb.Table(columns=kept.columns, data=rows[:1])
    table.data.extend(rows[1:])  # all rows have the types of the first; W&B would look at each again
    return table
