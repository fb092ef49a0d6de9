"""What tests of tracking share."""

from __future__ import annotations

from typing import Literal

from ltgnn.runs.tracking import Wandb

CONFIG = {
    "task": "train",
    "tags": ["mine"],
    "seed": 3,
    "lr": 0.1,
    "loss": {"ranking": {"temperature": 0.2}},
    "choices": {"data": "toy", "model": "mf", "fusion": "id", "loss": "bpr", "features": "none"},
}


def tracker_in(mode: Literal["auto", "online", "offline", "disabled"], **options: bool) -> Wandb:
    switches = dict.fromkeys(("artifacts", "code", "system_metrics", "console"), False) | options
    return Wandb("ltgnn", None, mode, None, ["model", "seed"], ["*"], **switches)
