"""Lightning callbacks of a sweep: a trial that is stopped early, and the time of two steps."""

from __future__ import annotations

import time
from typing import Any

import pytorch_lightning as pl
from pytorch_lightning.callbacks import Callback


class TrialPruned(Exception):
    """A trial was stopped because it promised less than others; the state of its run folder."""

    state = "pruned"


class Prune(Callback):
    """Reports the monitored value to Optuna after each evaluation, and stops the run when its pruner decides to.

    Built from ``sweep.trial`` of a job's config, so that it works in any process: the study is found in its storage.
    """

    def __init__(self, storage: str, study: str, trial: int, pruner: dict[str, Any], monitor: str) -> None:
        import optuna
        from hydra.utils import instantiate

        from ltgnn.sweeps.optuna_storage import open_storage

        opened = optuna.load_study(study_name=study, storage=open_storage(storage), pruner=instantiate(pruner))
        self.trial, self.monitor, self.pruned = optuna.trial.Trial(opened, trial), monitor, False

    def on_validation_end(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        value = trainer.callback_metrics.get(self.monitor)
        if value is None or trainer.sanity_checking:
            return
        self.trial.report(float(value), trainer.current_epoch + 1)
        if self.trial.should_prune():
            self.pruned = trainer.should_stop = True


class StepClock(Callback):
    """Seconds of the second step; the first pays for what is made once."""

    seconds = 0.0

    def on_train_batch_start(self, trainer: pl.Trainer, module: pl.LightningModule, batch: Any, batch_idx: int) -> None:
        self.started = time.perf_counter()

    def on_train_batch_end(
        self, trainer: pl.Trainer, module: pl.LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        if module.device.type == "cuda":
            import torch

            torch.cuda.synchronize()
        self.seconds = time.perf_counter() - self.started
