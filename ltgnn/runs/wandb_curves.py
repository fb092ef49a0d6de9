"""Curves in W&B: the values of a training by epoch, counted from 1 as in history.csv."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any

from pytorch_lightning import Callback, LightningModule, Trainer
from pytorch_lightning.loggers.logger import Logger

EPOCH, STEP = "epoch", "trainer/global_step"
LEARNING_RATE = "train/lr"
DEFAULT_K = 20


class Selection:
    """Which values are shown: those that match a pattern, and the monitor.

    A pattern such as ``items20/*/ndcg@20`` is for values of any part; one without ``@K`` is also for the list length of
    the monitor, else for 20.
    """

    def __init__(self, patterns: Sequence[str], monitor: str) -> None:
        k = monitor.rpartition("@")[2] if "@" in monitor else str(DEFAULT_K)
        self.patterns = [*patterns, *(f"{pattern}@{k}" for pattern in patterns if "@" not in pattern)]
        self.monitor = monitor

    def __contains__(self, name: str) -> bool:
        part, _, value = name.partition("/")
        return name == self.monitor or part == "train" or any(fnmatchcase(value, p) for p in self.patterns)

    def of(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Those of ``values`` (``part/name`` -> value) that are shown."""
        return {name: value for name, value in values.items() if name in self}


class EpochLogger(Logger):
    """Hands Lightning's values to a W&B run, with the epoch that is being trained and the steps so far."""

    def __init__(self, run: Any, selection: Selection) -> None:
        super().__init__()
        self.run, self.selection = run, selection

    @property
    def name(self) -> str:
        return str(self.run.project)

    @property
    def version(self) -> str:
        return str(self.run.id)

    def log_hyperparams(self, *args: Any, **kwargs: Any) -> None:
        """The run has its config already."""

    def log_metrics(self, metrics: Mapping[str, float], step: int | None = None) -> None:
        values = {name: value for name, value in metrics.items() if name != EPOCH}
        if not (shown := self.selection.of(values)):
            return
        finished = metrics.get(EPOCH)  # Lightning counts from 0
        place = ({} if finished is None else {EPOCH: int(finished) + 1}) | ({} if step is None else {STEP: step})
        self.run.log(shown | place)


class LearningRate(Callback):
    """Logs the learning rate at the end of each epoch; with several groups of weights the first, the model's."""

    def on_train_epoch_end(self, trainer: Trainer, module: LightningModule) -> None:
        rate = trainer.optimizers[0].param_groups[0]["lr"]
        for logger in trainer.loggers:
            logger.log_metrics({LEARNING_RATE: float(rate), EPOCH: trainer.current_epoch}, step=trainer.global_step - 1)
