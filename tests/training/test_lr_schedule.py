"""The learning rate by hand, and in a training."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from ltgnn.training.lr_schedule import Linear
from ltgnn.types import UserError
from tests.training import steps


def test_by_hand() -> None:
    plain, warm = Linear(0.0, 0.0), Linear(0.5, 0.2)
    assert [plain(done) for done in (0.0, 0.25, 1.0)] == [1.0, 0.75, 0.0]
    assert [warm(done) for done in (0.0, 0.25, 0.5, 0.75, 1.0)] == pytest.approx([0.0, 0.5, 1.0, 0.6, 0.2])
    with pytest.raises(UserError, match="warmup=1"):
        Linear(1, 0)


def test_the_rate_falls_to_nothing_over_the_epochs(launch: Callable[..., int], tmp_path: Path) -> None:
    words = ("model=mf", "features=none", "schedule=linear", "epochs=3", "min_epochs=3", "lr=0.3", "batch_size=50")
    assert launch(*words, *steps.words(tmp_path / "steps.jsonl")) == 0
    rates = [step["rate"] for step in steps.read(tmp_path / "steps.jsonl")]
    assert rates == pytest.approx([0.3 * (1 - step / len(rates)) for step in range(len(rates))])
    assert len(rates) > 9
