"""An interrupted training resumes after its last complete epoch, bit for bit on CPU."""

from __future__ import annotations

import csv
import logging
import pickle
import time
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
import torch
from pytorch_lightning.callbacks import Checkpoint

from ltgnn.io.atomic_write import replace_atomically
from ltgnn.runs.folder import RESUME

log = logging.getLogger(__name__)


def readable(history: Path) -> bool:
    """Whether every row of a history has its epoch; a history that is absent has none to miss."""
    try:
        with history.open(newline="", encoding="utf-8") as file:
            rows = list(csv.reader(file))
        return bool(rows) and all(len(row) == len(rows[0]) and row[0].isdigit() for row in rows[1:])
    except FileNotFoundError:
        return True
    except (OSError, ValueError, csv.Error):
        return False


class Resume(Checkpoint):
    """Keeps ``checkpoints/resume.ckpt`` in the run folder while the run is not finished.

    In addition to what Lightning saves (weights, optimiser, schedule, early stop, best checkpoint) it has the state of
    the global random numbers, of which dropout draws; batches, negatives and noise depend only on seed, epoch and step.
    Of Lightning's kind ``Checkpoint``, so that it comes after all callbacks whose state it saves; the last of them.
    ``every``: seconds from one save to the next; shorter runs restart as fast, and are never saved.
    """

    def __init__(self, folder: Path, key: str, every: float) -> None:
        self.file, self.key, self.every = folder / RESUME, key, every
        self.started = self.saved = time.perf_counter()
        self.before = 0.0  # seconds of fitting of those who were interrupted
        self.epoch = 0  # epochs that they had finished
        self.stopped = False  # the early stop has spoken
        self.found: dict[str, Any] = {}

    def checkpoint(self) -> Path | None:
        """Checkpoint to resume from; None: start from scratch, as a run with another recipe in its key does."""
        if not self.file.is_file():
            return None
        try:
            state = torch.load(self.file, map_location="cpu", weights_only=True)
            same, epoch = state["callbacks"][self.state_key]["key"] == self.key, int(state["epoch"]) + 1
        except (RuntimeError, OSError, EOFError, KeyError, pickle.UnpicklingError) as error:
            log.warning("%s cannot be read (%s): the run starts from scratch.", self.file, str(error).splitlines()[0])
            return None
        if not same:
            log.warning("%s belongs to another recipe: the run starts from scratch.", self.file)
            return None
        if not readable(history := self.file.parent.parent / "history.csv"):
            log.warning("%s cannot be read: the run starts from scratch.", history)
            return None
        self.epoch = epoch
        log.info(
            "resuming after epoch %d of %s (sweep.resume=false starts from scratch)", epoch, self.file.parent.parent
        )
        return self.file

    @property
    def card(self) -> dict[str, Any]:
        """For the results: nothing, or where the run went on and the seconds before."""
        return {"resumed": {"after_epoch": self.epoch, "seconds": round(self.before, 3)}} if self.epoch else {}

    def state_dict(self) -> dict[str, Any]:
        random = {"cpu": torch.get_rng_state(), "cuda": torch.cuda.get_rng_state_all()}
        seconds = self.before + time.perf_counter() - self.started
        return {"key": self.key, "random": random, "seconds": seconds, "stopped": self.stopped}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self.found = state_dict
        self.before = float(state_dict["seconds"])

    def on_train_start(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        if self.found:
            torch.set_rng_state(self.found["random"]["cpu"].cpu())
            if torch.cuda.is_available():
                torch.cuda.set_rng_state_all([state.cpu() for state in self.found["random"]["cuda"]])
            trainer.should_stop = bool(self.found["stopped"])  # which Lightning itself forgets

    def on_train_epoch_end(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        last = trainer.should_stop or trainer.current_epoch + 1 == trainer.max_epochs
        now = time.perf_counter()
        if now - self.saved < self.every and not (last and self.file.is_file()):
            return
        self.stopped = trainer.should_stop
        with replace_atomically(self.file) as temporary:
            trainer.save_checkpoint(temporary)
        self.saved = time.perf_counter()

    def on_exception(self, trainer: pl.Trainer, module: pl.LightningModule, exception: BaseException) -> None:
        """A failed run would fail again; an interrupted one resumes."""
        if isinstance(exception, Exception):
            self.file.unlink(missing_ok=True)
