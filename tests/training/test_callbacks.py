"""Lightning callbacks: early stop with a warm-up, history as CSV, progress."""

from __future__ import annotations

import pytest

from ltgnn.training import callbacks
from ltgnn.training.progress import Progress
from tests.training.progress_case import MONITOR


def test_the_log_takes_the_lines_off_a_terminal(caplog: pytest.LogCaptureFixture) -> None:
    progress = Progress(MONITOR)
    with caplog.at_level("INFO"):
        progress._say("epoch 1/3  train/loss 0.5000  1 s")
    assert caplog.messages == ["epoch 1/3  train/loss 0.5000  1 s"]
    assert callbacks.Progress is Progress  # the name that recipes have
