"""Any value of any group, or a stated mixture, selects the epoch: checkpoint, early stop and history follow it."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from tests.conftest import run_folders

Launch = Callable[..., int]
MIXTURE = "eval.mixtures.own={ndcg@20:0.3,items20/tail/recall@10:0.7}"


@pytest.mark.parametrize(
    ("monitor", "more"),
    [
        ("val/items20/tail/ndcg@20", []),
        ("val/own", [f"+{MIXTURE}"]),
        ("val/mass/tail/share@10", []),  # beyond accuracy: the whole evaluation runs
        ("val/activity/casual/items20/tail/ndcg@20", []),
    ],
)
def test_checkpoint_and_early_stop_follow_the_monitor(
    launch: Launch, tmp_path: Path, monitor: str, more: list[str]
) -> None:
    """A rate that overshoots makes every value rise and fall, each at an epoch of its own."""
    wild = ["lr=0.3", "eval_every=1", "patience=2", "epochs=15", "min_epochs=1", "fusion=sum", "eval.ks=[10,20]"]
    assert launch(f"monitor={monitor}", *wild, *more) == 0
    (folder,) = run_folders(tmp_path)
    with (folder / "history.csv").open() as file:
        rows = list(csv.DictReader(file))
    values = [float(row[monitor]) for row in rows]
    best = max(range(len(values)), key=lambda epoch: (values[epoch], -epoch))
    found = json.loads((folder / "metrics.json").read_text())
    assert found["selection"] == {"by": monitor, "epoch": best + 1, "epochs_run": len(rows)}
    assert len(rows) == min(best + 3, 15)
    part, _, name = monitor.partition("/")
    assert found[part][name] == pytest.approx(values[best], abs=1e-6)  # the numbers are those of the selected epoch
    state = torch.load(folder / "checkpoints/best.ckpt", weights_only=True)
    assert state["epoch"] == best
