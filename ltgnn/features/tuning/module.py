"""The LightningModule of fine-tuning, its batches and its progress bar."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytorch_lightning as pl
import torch
from pytorch_lightning.callbacks import Callback
from torch import Tensor
from torch.utils.data import DataLoader

from ltgnn.features.tuning.objective import Objective


class Tuner(pl.LightningModule):
    """One objective, trained with a linear warm-up over the share ``warmup`` of all steps and a linear decay to 0.

    Each step's draws and its dropout follow (seed, epoch, step), so that a resumed run equals an unbroken one. The
    checkpoint holds only what is trained.
    """

    def __init__(
        self,
        objective: Objective,
        optimizer: Callable[..., torch.optim.Optimizer],
        warmup: float,
        seed: int,
        validate: Callable[[Tensor], dict[str, float]] | None,
    ) -> None:
        super().__init__()
        self.objective, self.optimizer, self.warmup, self.seed, self.validate = (
            objective,
            optimizer,
            warmup,
            seed,
            validate,
        )
        self.strict_loading = False

    def training_step(self, step: int, _: int) -> Tensor:
        epoch = self.current_epoch
        (dropout,) = np.random.SeedSequence([self.seed, epoch, step, 1]).generate_state(1, np.uint64)
        torch.manual_seed(int(dropout >> np.uint64(1)))
        loss: Tensor = self.objective(self.objective.batch(epoch, step))
        self.log("train/loss", loss.detach(), on_step=True, on_epoch=True, batch_size=1)
        return loss

    def validation_step(self, _: int, __: int) -> None:
        if self.validate is not None:
            self.log_dict(self.validate(self.objective.encoder.encode_all()), batch_size=1)

    def configure_optimizers(self) -> Any:
        steps = int(self.trainer.estimated_stepping_batches)
        rise = max(1, round(self.warmup * steps))

        def share(step: int) -> float:
            return min((step + 1) / rise, max(0.0, (steps - step) / max(1, steps - rise)))

        optimizer = self.optimizer([parameter for parameter in self.parameters() if parameter.requires_grad])
        scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, share)
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": scheduler, "interval": "step"}}

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        trained = {name for name, parameter in self.named_parameters(remove_duplicate=False) if parameter.requires_grad}
        checkpoint["state_dict"] = {name: value for name, value in checkpoint["state_dict"].items() if name in trained}

    def train_dataloader(self) -> DataLoader[int]:
        return DataLoader(range(self.objective.steps), batch_size=None)  # type: ignore[arg-type]

    def val_dataloader(self) -> DataLoader[int]:
        return DataLoader([0], batch_size=None)  # type: ignore[arg-type]


class StepBar(Callback):
    """A bar over the steps, with the loss and the steps per second."""

    def on_train_start(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        from ltgnn.features.progress import progress

        self.bar = progress("fine-tuning", int(trainer.estimated_stepping_batches), "steps")
        self.advance = self.bar.__enter__()
        self.advance(trainer.global_step)

    def on_train_batch_end(self, trainer: pl.Trainer, module: pl.LightningModule, *_: Any) -> None:
        self.advance(1)

    def teardown(self, trainer: pl.Trainer, module: pl.LightningModule, stage: str) -> None:
        if hasattr(self, "bar"):
            self.bar.__exit__(None, None, None)
