"""The lines of a training: every number has its name, the best so far goes by the direction, nothing is left out."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import torch
from pytorch_lightning.callbacks import ModelCheckpoint

from ltgnn.training.progress import Progress
from tests.training.progress_case import MONITOR


def lines_of(
    progress: Progress, values: list[float], epochs: int, every: int = 1, mode: str = "max", start: int = 0
) -> list[str]:
    """The lines that a training up to ``epochs`` epochs writes; ``values``: the monitored one of each evaluation."""
    said: list[str] = []
    progress.write = said.append
    selecting = ModelCheckpoint(monitor=progress.monitor, mode=mode)
    trainer: Any = SimpleNamespace(
        current_epoch=start, max_epochs=epochs, check_val_every_n_epoch=every, is_global_zero=True, should_stop=False,
        checkpoint_callbacks=[selecting], early_stopping_callbacks=[], callback_metrics={},
    )  # fmt: skip
    module: Any = None
    progress.on_fit_start(trainer, module)
    left = iter(values)
    for epoch in range(start, epochs):
        trainer.current_epoch = epoch
        trainer.callback_metrics |= {"train/ranking": torch.tensor(0.5 / (epoch + 1)), "train/loss": torch.tensor(0.5)}
        if not (epoch + 1) % every and progress.monitor:
            trainer.callback_metrics[progress.monitor] = torch.tensor(next(left))
        progress.on_train_epoch_end(trainer, module)
    return [line.rpartition("  ")[0] if line.endswith(" s") else line for line in said]


def test_a_line_at_the_start_for_the_first_epoch_and_each_evaluation() -> None:
    assert lines_of(Progress(MONITOR), [0.2, 0.3, 0.1], epochs=6, every=2) == [
        "training: at most 6 epochs, evaluated every 2 by val/ndcg@20",
        "epoch 1/6  train/loss 0.5000  train/ranking 0.5000",
        "epoch 2/6  train/loss 0.5000  train/ranking 0.2500  val/ndcg@20 0.2000 (best so far)",
        "epoch 4/6  train/loss 0.5000  train/ranking 0.1250  val/ndcg@20 0.3000 (best so far)",
        "epoch 6/6  train/loss 0.5000  train/ranking 0.0833  val/ndcg@20 0.1000 (best 0.3000 at epoch 4)",
    ]


def test_the_best_is_the_smallest_where_less_is_better() -> None:
    *_, last = lines_of(Progress("val/arp@20"), [7.0, 5.0, 6.0], epochs=3, mode="min")
    assert last.endswith("val/arp@20 6.0000 (best 5.0000 at epoch 2)")


def test_without_an_evaluation_the_first_and_the_last_epoch_are_told() -> None:
    first, *rest = lines_of(Progress(None), [], epochs=3, every=5)
    assert first == "training: at most 3 epochs, evaluated every 5"
    assert [line.split("  ")[0] for line in rest] == ["epoch 1/3", "epoch 3/3"]


def test_a_job_of_a_sweep_says_less_and_names_itself() -> None:
    said = lines_of(Progress(MONITOR, every=1e9, name="007_mf"), [0.1, 0.2, 0.3, 0.4], epochs=4)
    assert [line.split("  ")[0] for line in said] == [
        "007_mf: training: at most 4 epochs, evaluated each by val/ndcg@20",
        "007_mf: epoch 1/4",
        "007_mf: epoch 4/4",
    ]


def test_a_resumed_run_remembers_its_best() -> None:
    before = Progress(MONITOR)
    lines_of(before, [0.3, 0.2], epochs=2)
    after = Progress(MONITOR)
    after.load_state_dict(before.state_dict())
    first, *_, last = lines_of(after, [0.25], epochs=3, start=2)
    assert first.endswith("by val/ndcg@20, resumed after epoch 2")
    assert last.endswith("val/ndcg@20 0.2500 (best 0.3000 at epoch 1)")
