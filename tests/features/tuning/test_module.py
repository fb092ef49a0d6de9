"""Training: it learns, it resumes exactly, its checkpoint holds what is trained and nothing else."""

from functools import partial
from pathlib import Path
from typing import Any

import pytest
import pytorch_lightning as pl
import torch
from pytorch_lightning.callbacks import ModelCheckpoint

from ltgnn.features.tuning.adaptation import Full, Lora
from ltgnn.features.tuning.module import StepBar, Tuner
from ltgnn.features.tuning.objective import Objective
from ltgnn.types import Interactions
from tests.features.tuning.module_case import LORA, OBJECTIVES, Make


def tuner(objective: Objective, lr: float = 5e-3) -> Tuner:
    return Tuner(objective, partial(torch.optim.AdamW, lr=lr), warmup=0.1, seed=1, validate=None)


def fit(module: Tuner, folder: Path, epochs: int, planned: int | None = None, **options: Any) -> pl.Trainer:
    """``planned``: the epochs that the schedule is made for, when the run is broken off after ``epochs``."""
    resume = options.pop("resume", None)
    stop = StopAfter(epochs)
    trainer = pl.Trainer(
        max_epochs=planned or epochs,
        accelerator="cpu",
        logger=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        default_root_dir=folder,
        callbacks=[ModelCheckpoint(dirpath=folder, filename="last", monitor=None), StepBar(), stop],
    )
    trainer.fit(module, ckpt_path=resume)
    return trainer


class StopAfter(pl.Callback):
    def __init__(self, epochs: int) -> None:
        self.epochs = epochs

    def on_train_epoch_end(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        trainer.should_stop = trainer.current_epoch + 1 >= self.epochs


@pytest.mark.parametrize("adapt", [Full(freeze_embeddings=False), LORA])
def test_a_resumed_run_equals_an_unbroken_one(
    encoder: Make, train: Interactions, tmp_path: Path, adapt: Full | Lora
) -> None:
    def fresh() -> Tuner:
        torch.manual_seed(0)
        return tuner(OBJECTIVES["purchase"](encoder(adapt), train, batch_size=4, seed=1))

    whole, first, second = fresh(), fresh(), fresh()
    fit(whole, tmp_path / "whole", epochs=3)
    fit(first, tmp_path / "broken", epochs=1, planned=3)
    fit(second, tmp_path / "broken", epochs=3, resume=tmp_path / "broken" / "last.ckpt")
    wanted = dict(whole.named_parameters())
    for name, weight in second.named_parameters():
        torch.testing.assert_close(weight, wanted[name], atol=1e-6, rtol=0)
    started = dict(first.named_parameters())
    assert any(not torch.equal(weight, started[name]) for name, weight in second.named_parameters())


def test_the_checkpoint_holds_what_is_trained(encoder: Make, train: Interactions, tmp_path: Path) -> None:
    module = tuner(OBJECTIVES["purchase"](encoder(LORA), train, batch_size=4, seed=1))
    fit(module, tmp_path, epochs=1)
    names = set(torch.load(tmp_path / "last.ckpt", weights_only=True)["state_dict"])
    assert names == {name for name, weight in module.named_parameters() if weight.requires_grad}
    assert all("lora_" in name or "head" in name for name in names)


def test_the_rate_rises_and_falls(encoder: Make, train: Interactions, tmp_path: Path) -> None:
    rates: list[float] = []

    class Watch(Tuner):
        def on_train_batch_start(self, batch: Any, step: int) -> None:
            rates.append(self.optimizers().param_groups[0]["lr"])

    objective = OBJECTIVES["simcse"](encoder(), train, batch_size=4, seed=1)
    fit(Watch(objective, partial(torch.optim.AdamW, lr=1.0e-3), warmup=0.2, seed=1, validate=None), tmp_path, epochs=10)
    assert len(rates) == 30
    peak = rates.index(max(rates))
    assert max(rates) == pytest.approx(1e-3)
    assert peak == 5
    assert rates[:6] == sorted(rates[:6])
    assert rates[6:] == sorted(rates[6:], reverse=True)
    assert rates[-1] == pytest.approx(1e-3 / 24)
