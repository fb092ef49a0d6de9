"""The Python way in, tried in an empty folder with caches of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

import ltgnn
from ltgnn.testing import toy

SMALL = {"dim": 8, "num_layers": 2, "epochs": 2, "eval_every": 1, "min_epochs": 1, "batch_size": 256, "lr": 0.05}


@pytest.fixture
def shop(empty: Path) -> ltgnn.Dataset:
    return ltgnn.Dataset.from_frames(*toy.frames(), name="toy")
