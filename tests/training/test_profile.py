"""``profile=true``: parts that add up to the wall time, and the numbers of the run without it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from ltgnn.training.profile import ORDER, Profile

Launch = Callable[..., int]


def test_the_parts_add_up_and_move_no_number(
    launch: Launch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plain, watched = tmp_path / "plain", tmp_path / "watched"
    assert launch("fusion=sum", "batch_size=64", f"hydra.run.dir={plain}") == 0
    assert "Time by component" not in capsys.readouterr().out
    begun = time.perf_counter()
    assert launch("fusion=sum", "batch_size=64", f"hydra.run.dir={watched}", "profile=true") == 0
    wall = time.perf_counter() - begun
    assert "Time by component" in capsys.readouterr().out
    seconds = json.loads((watched / "profile.json").read_text())
    metrics = [json.loads((folder / "metrics.json").read_text()) for folder in (plain, watched)]
    assert {part: metrics[0][part] for part in ("val", "test")} == {part: metrics[1][part] for part in ("val", "test")}
    assert tuple(seconds) == ORDER
    assert all(spent > 0 for spent in seconds.values())
    rounded = 1e-4 * len(ORDER) + 1e-3
    assert metrics[1]["seconds"]["fit"] - rounded <= sum(seconds.values()) <= wall + rounded
    keys = [json.loads((folder / "status.json").read_text())["key"] for folder in (plain, watched)]
    assert keys[0] == keys[1]
    assert not (plain / "profile.json").exists()


def test_a_closed_form_is_profiled(launch: Launch, tmp_path: Path) -> None:
    assert launch("model=ease", f"hydra.run.dir={tmp_path}/run", "profile=true") == 0
    seconds = json.loads((tmp_path / "run/profile.json").read_text())
    assert seconds["evaluation"] > 0
    assert seconds["backward"] == 0


class Clock:
    """A clock that goes where it is told to."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now

    def wait(self, seconds: float) -> None:
        self.now += seconds


def test_every_moment_belongs_to_one_part() -> None:
    clock = Clock()
    parts = Profile(clock)
    with parts.part("loss"):
        clock.wait(2)
        with parts.part("propagation"):
            clock.wait(3)
        parts.start("[Strategy]SingleDeviceStrategy.backward")
        clock.wait(1)
        parts.stop("[Strategy]SingleDeviceStrategy.backward")
        clock.wait(0.5)
    with parts.part("evaluation"), parts.part("propagation"):  # an evaluation's passes are evaluation
        clock.wait(4)
    parts.start("[Callback]nobody.asks_for_this")
    clock.wait(8)
    spent = {"loss": 2.5, "propagation": 3, "backward": 1, "evaluation": 4, "overhead": 8}
    assert parts.result() == dict.fromkeys(ORDER, 0.0) | spent
    assert parts.calls == {"loss": 1, "propagation": 2, "backward": 1, "evaluation": 1}
