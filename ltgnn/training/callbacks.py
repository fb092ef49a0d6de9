"""Lightning callbacks: early stop with a warm-up, history as CSV, one progress bar per run."""

from __future__ import annotations

import csv
import io
import logging
import time
from pathlib import Path
from typing import Annotated, Any, Literal

import pytorch_lightning as pl
from annotated_types import Ge
from pytorch_lightning.callbacks import Callback, EarlyStopping
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

from ltgnn.config.paths import write_whole
from ltgnn.io.pluralize import pluralize

log = logging.getLogger(__name__)


class EarlyStop(EarlyStopping):
    """Early stopping that does not look before ``min_epochs``.

    LightGCN starts as a popularity model and may sit there for 20 epochs: patience from the start would kill it.
    """

    def __init__(
        self,
        monitor: str,
        mode: Literal["min", "max"],
        patience: Annotated[int, Ge(0)],
        min_epochs: Annotated[int, Ge(0)],
    ) -> None:
        super().__init__(monitor=monitor, mode=mode, patience=patience, check_on_train_epoch_end=False, verbose=False)
        self.min_epochs = min_epochs

    def _should_skip_check(self, trainer: pl.Trainer) -> bool:
        return super()._should_skip_check(trainer) or trainer.current_epoch + 1 < self.min_epochs


class History(Callback):
    """One row per evaluation: epoch, seconds since the start of training, mean losses, all values.

    Of a training without any evaluation: one row per epoch, without values.
    """

    def __init__(self, path: str) -> None:
        self.path = Path(path)

    def on_train_start(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        """Continues below the rows of the epochs that a resumed run had finished; others are dropped."""
        self.columns: list[str] = []
        self.epochs: list[dict[str, float]] = []  # while nothing was evaluated
        kept = self._keep(trainer.current_epoch)
        self.started = time.perf_counter() - (float(kept[-1]["seconds"]) if kept else 0.0)

    def on_train_epoch_end(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        values = {name: float(value) for name, value in trainer.callback_metrics.items()}
        row = {"epoch": trainer.current_epoch + 1, "seconds": round(time.perf_counter() - self.started, 3), **values}
        if (trainer.current_epoch + 1) % (trainer.check_val_every_n_epoch or 1):
            if not self.columns:
                self.epochs.append(row)
            return
        self._append(row)

    def on_train_end(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        """Without a row so far: validation never ran."""
        if not self.columns:
            for row in self.epochs:
                self._append(row)

    def _append(self, row: dict[str, float]) -> None:
        new = not self.path.exists()
        self.columns = self.columns or list(row)
        with self.path.open("a", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, self.columns, extrasaction="ignore")
            if new:
                writer.writeheader()
            writer.writerow(row)

    def _keep(self, epochs: int) -> list[dict[str, str]]:
        """Keeps the rows of the first ``epochs`` epochs in the file, and returns them."""
        if not self.path.exists():
            return []
        try:
            with self.path.open(newline="", encoding="utf-8") as file:
                rows = csv.DictReader(file)
                kept = [row for row in rows if int(row["epoch"]) <= epochs and float(row["seconds"]) >= 0]
        except (ValueError, KeyError, TypeError, csv.Error) as error:
            log.warning(
                "%s cannot be read (%s): the rows of the first %s are lost.",
                self.path,
                error,
                pluralize(epochs, "epoch"),
            )
            kept = []
        if not kept or not epochs:
            self.path.unlink()
            return []
        self.columns = list(rows.fieldnames or [])
        text = io.StringIO(newline="")
        writer = csv.DictWriter(text, self.columns)
        writer.writeheader()
        writer.writerows(kept)
        write_whole(self.path, text.getvalue())
        return kept


class Progress(Callback):
    """A bar over the epochs with the losses and the monitor."""

    def __init__(self, monitor: str | None) -> None:
        self.monitor = monitor
        self.bar: Bar | None = None

    def on_fit_start(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        columns = (TextColumn("training"), BarColumn(), MofNCompleteColumn(), TextColumn("epochs"))
        values = TextColumn("{task.fields[values]}", markup=False)
        times = (TimeElapsedColumn(), TextColumn("left"), TimeRemainingColumn(), values)
        self.bar = Bar(*columns, *times, transient=True)
        self.bar.start()
        self.task = self.bar.add_task("", total=trainer.max_epochs, completed=trainer.current_epoch, values="")

    def on_train_epoch_end(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        metrics = trainer.callback_metrics
        shown = [name for name in ("train/loss", self.monitor) if name in metrics]
        values = "  ".join(f"{name} {float(metrics[name]):.4f}" for name in shown)
        if self.bar is not None:
            self.bar.update(self.task, completed=trainer.current_epoch + 1, values=values)

    def teardown(self, trainer: pl.Trainer, module: pl.LightningModule, stage: str) -> None:
        if self.bar is not None:
            self.bar.stop()

    def state_dict(self) -> dict[str, Any]:
        return {}
