"""The clock of steps, and the state of a pruned trial."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytorch_lightning as pl

from ltgnn.training.pruning import StepClock, TrialPruned


def test_the_clock_has_the_seconds_of_the_last_step(monkeypatch: Any) -> None:
    times = iter([0.0, 9.0, 10.0, 12.5])
    clock_of_the_module = SimpleNamespace(perf_counter=lambda: next(times))  # other code may look at the real one
    monkeypatch.setattr("ltgnn.training.pruning.time", clock_of_the_module)
    clock, trainer, module = StepClock(), pl.Trainer(logger=False, enable_checkpointing=False), pl.LightningModule()
    for step in range(2):
        clock.on_train_batch_start(trainer, module, None, step)
        clock.on_train_batch_end(trainer, module, None, None, step)
    assert clock.seconds == 2.5


def test_a_pruned_trial_is_no_failure() -> None:
    assert TrialPruned.state == "pruned"
