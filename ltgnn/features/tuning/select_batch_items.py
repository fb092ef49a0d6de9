"""The Lightning callback that passes batches to the trainable text."""

from __future__ import annotations

from typing import Any

import pytorch_lightning as pl
import torch
from pytorch_lightning.callbacks import Callback

from ltgnn.features.tuning.trainable_text import TrainableText


class SelectBatchItems(Callback):
    """Passes the items of the next step to the trainable text."""

    def __init__(self, seed: int) -> None:
        self.seed = seed

    def on_train_batch_start(self, trainer: pl.Trainer, module: pl.LightningModule, batch: Any, step: int) -> None:
        generator = torch.Generator().manual_seed(self.seed * 1_000_003 + trainer.global_step)
        for part in module.modules():
            if isinstance(part, TrainableText):
                part.select_items(batch.pos, generator)
