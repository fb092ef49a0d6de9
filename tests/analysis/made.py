"""Run folders made by hand: users whose head and tail values are known."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from omegaconf import OmegaConf

CHOICES = {"model": "lightgcn", "fusion": "id", "loss": "bpr"}
USERS = 400
METRIC = "ndcg@20"
NAMES = {"all": METRIC, "head": f"items20/head/{METRIC}", "tail": f"items20/tail/{METRIC}"}


def write_run(folder: Path, seed: int, tail: float, head: float, **changes: Any) -> Path:
    """A finished run whose users have tail and head values around the given means; every third has no tail item."""
    rng = np.random.default_rng(0)
    taste = rng.normal(scale=0.05, size=USERS)
    own = np.random.default_rng([seed, int(1e4 * tail), int(1e4 * head)])
    columns = {
        "head": head + taste + own.normal(scale=0.01, size=USERS),
        "tail": tail + taste + own.normal(scale=0.01, size=USERS),
    }
    columns["tail"][::3] = np.nan
    columns["all"] = np.where(np.isnan(columns["tail"]), columns["head"], (columns["head"] + columns["tail"]) / 2)
    shift = changes.pop("shift", 0.0)
    folder.mkdir(parents=True)
    choices = {axis: changes.pop(axis, word) for axis, word in CHOICES.items()}
    config = {
        "seed": seed,
        "dim": changes.pop("dim", 8),
        **{axis: {"kind": word} for axis, word in choices.items()},
        "choices": choices,
        "paths": {"run_dir": str(folder)},
        "callbacks": {"dirpath": f"{folder}/checkpoints"},
        "trainer": {"seed": seed},
    }
    test = {NAMES[group]: float(np.nanmean(column + shift)) for group, column in columns.items()}
    metrics = {
        "test": test,
        "fingerprint": changes.pop("fingerprint", "f" * 64),
        "selection": {"by": changes.pop("by", "val/ndcg@20")},
    }
    OmegaConf.save(OmegaConf.create(config), folder / "config.yaml")
    (folder / "metrics.json").write_text(json.dumps(metrics))
    (folder / "status.json").write_text(json.dumps({"state": changes.pop("state", "finished")}))
    pl.DataFrame({"user": np.arange(USERS)} | {NAMES[g]: c + shift for g, c in columns.items()}).write_parquet(
        folder / "per_user.parquet"
    )
    assert not changes
    return folder


def side(top: Path, seeds: int, tail: float, head: float, spread: float = 0.0, **changes: Any) -> str:
    for seed in range(seeds):
        shift = spread * (seed - (seeds - 1) / 2)
        write_run(top / f"run{seed}", seed, tail, head, shift=shift, **changes)
    return str(top)
