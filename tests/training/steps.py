"""A callback that writes what each training step did, a line of JSON each."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pytorch_lightning import Callback, LightningModule, Trainer

from ltgnn.types import Batch


class Steps(Callback):
    """``{"epoch": 0, "rate": 0.1, "loss": 0.69, "rows": 50}``: the rate before the step, its loss and pairs."""

    def __init__(self, path: str) -> None:
        self.path, self.rate = Path(path), 0.0

    def on_train_batch_start(self, trainer: Trainer, module: LightningModule, batch: Batch, number: int) -> None:
        self.rate = trainer.optimizers[0].param_groups[0]["lr"]

    def on_train_batch_end(
        self, trainer: Trainer, module: LightningModule, outputs: Any, batch: Batch, number: int
    ) -> None:
        step = {
            "epoch": trainer.current_epoch,
            "rate": self.rate,
            "loss": float(outputs["loss"]),
            "rows": len(batch.users),
        }
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(step) + "\n")


def words(path: Path) -> tuple[str, str]:
    """The overrides that add the callback."""
    return "+callbacks.steps._target_=tests.training.steps.Steps", f"+callbacks.steps.path={path}"


def read(path: Path) -> list[dict[str, float]]:
    """The steps so far."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.exists() else []
