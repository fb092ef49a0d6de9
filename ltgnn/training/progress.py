"""What a training shows while it runs: a bar in a terminal, elsewhere a line for each evaluation."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import pytorch_lightning as pl
from pytorch_lightning.callbacks import Callback, EarlyStopping, ModelCheckpoint

from ltgnn.io.pluralize import pluralize

if TYPE_CHECKING:
    from rich.progress import Progress as Bar

log = logging.getLogger(__name__)

IN_A_SWEEP = 60.0
"""Seconds between the lines of one job of a sweep, which has a line of its own when the job ends."""


class Progress(Callback):
    """Epoch, losses, monitored value and its best so far, while a model is trained.

    ``write``: takes the lines, such as ``print``; None: a bar where the output is a terminal, else the log, which is on
    the screen and in the run's ``run.log``. ``every``: least seconds between two lines; the first and the last are
    always written. ``name``: put before each line, of a job among others. Whether larger or smaller values are better
    is what the checkpoint goes by.

    A line is written at the start, after the first epoch, after each evaluation and after the last epoch::

        training: at most 300 epochs, evaluated every 5 by val/ndcg@20
        epoch 5/300  train/loss 0.6712  val/ndcg@20 0.1674 (best so far)  12 s
        epoch 10/300  train/loss 0.6433  val/ndcg@20 0.1650 (best 0.1674 at epoch 5)  24 s
    """

    def __init__(
        self,
        monitor: str | None,
        write: Callable[[str], object] | None = None,
        every: float = 0.0,
        name: str = "",
    ) -> None:
        self.monitor, self.write, self.every, self.name = monitor, write, every, name
        self.bar: Bar | None = None
        self.best: float | None = None
        self.best_epoch = 0

    def on_fit_start(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        """The bar, or the first line."""
        self.started = self.written = time.perf_counter()
        if not trainer.is_global_zero:
            return
        if self.write is None and not self.name and on_terminal():
            self._start_bar(trainer)
            return
        resumed = f", resumed after epoch {trainer.current_epoch}" if trainer.current_epoch else ""
        by = f" by {self.monitor}" if self.monitor else ""
        every = trainer.check_val_every_n_epoch or 1
        often = "each" if every == 1 else f"every {every}"
        self._say(f"training: at most {pluralize(trainer.max_epochs or 0, 'epoch')}, evaluated {often}{by}{resumed}")

    def on_train_epoch_end(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        """Moves the bar, or writes a line."""
        epoch, values = trainer.current_epoch + 1, shown_values(trainer.callback_metrics)
        evaluated = not epoch % (trainer.check_val_every_n_epoch or 1)
        if evaluated and self.monitor is not None and self.monitor in values:
            self._compare(values[self.monitor], epoch, smaller_is_better(trainer, self.monitor))
        if self.bar is not None:
            listed = [f"{name} {values[name]:.4f}" for name in ("train/loss", self.monitor) if name in values]
            self.bar.update(self.task, completed=epoch, values="  ".join(listed))
        elif trainer.is_global_zero and self._is_due(epoch, evaluated, trainer):
            self._say(self._line(epoch, trainer.max_epochs, values, evaluated))

    def teardown(self, trainer: pl.Trainer, module: pl.LightningModule, stage: str) -> None:
        if self.bar is not None:
            self.bar.stop()

    def state_dict(self) -> dict[str, Any]:
        """The best so far, for a run that is resumed."""
        return {"best": self.best, "best_epoch": self.best_epoch}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self.best, self.best_epoch = state_dict.get("best"), state_dict.get("best_epoch", 0)

    def _start_bar(self, trainer: pl.Trainer) -> None:
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
        from rich.progress import Progress as Bar

        columns = (TextColumn("training"), BarColumn(), MofNCompleteColumn(), TextColumn("epochs"))
        values = TextColumn("{task.fields[values]}", markup=False)
        times = (TimeElapsedColumn(), TextColumn("left"), TimeRemainingColumn(), values)
        self.bar = Bar(*columns, *times, transient=True)
        self.bar.start()
        self.task = self.bar.add_task("", total=trainer.max_epochs, completed=trainer.current_epoch, values="")

    def _compare(self, value: float, epoch: int, less: bool) -> None:
        """Keeps the best of the monitored value; of equal ones the first, as the checkpoint does."""
        if value == value and (self.best is None or (value < self.best if less else value > self.best)):
            self.best, self.best_epoch = value, epoch

    def _is_due(self, epoch: int, evaluated: bool, trainer: pl.Trainer) -> bool:
        if epoch == trainer.max_epochs or trainer.should_stop:
            return True
        return (evaluated or epoch == 1) and (epoch == 1 or time.perf_counter() - self.written >= self.every)

    def _line(self, epoch: int, last: int | None, values: Mapping[str, float], evaluated: bool) -> str:
        parts = [f"epoch {epoch}/{last}", *(f"{k} {v:.4f}" for k, v in values.items() if k.startswith("train/"))]
        if evaluated and self.monitor is not None and self.monitor in values:
            best = "best so far" if self.best_epoch == epoch else f"best {self.best:.4f} at epoch {self.best_epoch}"
            parts.append(f"{self.monitor} {values[self.monitor]:.4f}" + (f" ({best})" if self.best is not None else ""))
        return "  ".join([*parts, f"{time.perf_counter() - self.started:.0f} s"])

    def _say(self, line: str) -> None:
        self.written = time.perf_counter()
        text = f"{self.name}: {line}" if self.name else line
        if self.write is None:
            log.info("%s", text)
        else:
            self.write(text)


def shown_values(metrics: Mapping[str, Any]) -> dict[str, float]:
    """Values by name; the total of the losses first."""
    found = {name: float(value) for name, value in metrics.items()}
    return {name: found[name] for name in sorted(found, key=lambda name: name != "train/loss")}


def smaller_is_better(trainer: pl.Trainer, monitor: str | None) -> bool:
    """Whether less of the monitored value is better, as the callbacks that select by it have it."""
    callbacks = [*trainer.checkpoint_callbacks, *trainer.early_stopping_callbacks]
    selecting = [one for one in callbacks if isinstance(one, EarlyStopping | ModelCheckpoint)]
    return any(one.monitor == monitor and one.mode == "min" for one in selecting)


def on_terminal() -> bool:
    """Whether the output is a terminal, where a bar can move."""
    from rich.console import Console

    return Console().is_terminal
