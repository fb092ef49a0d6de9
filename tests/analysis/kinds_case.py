"""What tests of kinds of features share: a sweep over kinds, made by hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from omegaconf import OmegaConf

from tests.analysis.made import METRIC, USERS, write_run

TAIL = {
    "": 0.10, "tfidf": 0.14, "images": 0.11, "tfidf+images": 0.15, "~tfidf+images": 0.11, "tfidf+~images": 0.14,
    "~tfidf": 0.10,
}  # fmt: skip
"""Tail value by kinds; ``~``: shuffled."""

ACTIVE = np.arange(USERS) % 4 == 0


def part(kind: str) -> dict[str, Any]:
    control = "controls.Shuffled" if kind.startswith("~") else "transform.Keep"
    return {"_target_": f"x.{kind.strip('~')}", "control": {"_target_": f"ltgnn.features.{control}"}}


def write(folder: Path, kinds: str, seed: int, **recipe: Any) -> Path:
    """A run with these kinds of features, and columns for groups of users."""
    write_run(folder, seed, tail=TAIL[kinds], head=0.5, fusion="sum" if kinds else "id")
    config: Any = OmegaConf.to_container(OmegaConf.load(folder / "config.yaml"))
    words = [kind for kind in kinds.split("+") if kind]
    config["choices"]["features"] = kinds.replace("~", "") or "none"
    config["features"] = {"parts": {w.strip("~"): part(w) for w in words}} if len(words) > 1 else part(kinds)
    config["eval"] = {"user_groups": {"activity": {"names": ["active", "casual"]}}}
    OmegaConf.save(OmegaConf.create(config | recipe), folder / "config.yaml")
    columns = pl.read_parquet(folder / "per_user.parquet")
    everybody = columns[METRIC].to_numpy()
    groups = {"active": np.where(ACTIVE, everybody, np.nan), "casual": np.where(ACTIVE, np.nan, everybody)}
    columns.with_columns(**{f"activity/{name}/{METRIC}": column for name, column in groups.items()}).write_parquet(
        folder / "per_user.parquet"
    )
    metrics = json.loads((folder / "metrics.json").read_text()) | {"reads_features": bool(kinds)}
    metrics["test"] |= {f"activity/{name}/{METRIC}": float(np.nanmean(column)) for name, column in groups.items()}
    (folder / "metrics.json").write_text(json.dumps(metrics))
    return folder


def write_sweep(top: Path) -> Path:
    """Every configuration with three seeds."""
    for kinds in TAIL:
        for seed in (1, 2, 3):
            write(top / f"{kinds or 'none'}-{seed}", kinds, seed)
    return top
