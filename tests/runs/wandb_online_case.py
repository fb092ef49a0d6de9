"""What tests of wandb online share."""

from __future__ import annotations

import os

TRAIN = (
    "model=mf", "fusion=id", "features=none", "data=toy", "epochs=2", "min_epochs=1", "eval_every=1", "dim=4",
    "logger=wandb", "logger.artifacts=true", "tags=[mine]",
)  # fmt: skip


def without_mode() -> dict[str, str]:
    """The environment without the mode that all other tests have."""
    return {key: value for key, value in os.environ.items() if key != "WANDB_MODE"}
