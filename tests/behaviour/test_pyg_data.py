"""Runs on graphs of torch-geometric: the same numbers as on the data set itself."""

from __future__ import annotations

import json
from pathlib import Path

import torch

import ltgnn
from ltgnn.commands.train import main as train
from ltgnn.testing import toy

EVENTS, ITEMS = toy.frames()
SMALL = ["features=none", "logger=none", "epochs=1", "min_epochs=1", "eval_every=1", "dim=8", "num_layers=1"]


def test_a_run_on_a_saved_file_is_one_on_the_data_set(empty: Path) -> None:
    """``data=pyg`` by the command line, ``from_pyg`` by its folder: the same numbers."""
    shop = ltgnn.Dataset.from_frames(EVENTS, ITEMS, name="toy")
    (empty / "file").mkdir()
    torch.save(shop.to_pyg(), empty / "file/data.pt")
    found = []
    words = [
        ["data=pyg", f"data.files.path={empty / 'file'}", "data.name=toy"],
        [*ltgnn.Dataset.from_pyg(shop.to_pyg(), name="toy").overrides],
        [*shop.overrides],
    ]
    for number, given in enumerate(words):
        run = empty / f"run{number}"
        assert train([*given, *SMALL, f"paths.run_dir={run}"]) == 0
        found.append(json.loads((run / "metrics.json").read_text())["test"])
    assert found[0] == found[1] == found[2]
