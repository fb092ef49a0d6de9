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
    assert launch("fusion=sum", "batch_size=64", f"hydra.run.dir={watched}", "profile=true") == 0
    assert "Time by component" in capsys.readouterr().out
    seconds = json.loads((watched / "profile.json").read_text())
    metrics = [json.loads((folder / "metrics.json").read_text()) for folder in (plain, watched)]
    assert {part: metrics[0][part] for part in ("val", "test")} == {part: metrics[1][part] for part in ("val", "test")}
    assert tuple(seconds) == ORDER
    assert all(spent > 0 for spent in seconds.values())
    assert sum(seconds.values()) == pytest.approx(metrics[1]["seconds"]["total"], rel=0.05, abs=0.2)
    keys = [json.loads((folder / "status.json").read_text())["key"] for folder in (plain, watched)]
    assert keys[0] == keys[1]
    assert not (plain / "profile.json").exists()


def test_a_closed_form_is_profiled(launch: Launch, tmp_path: Path) -> None:
    assert launch("model=ease", f"hydra.run.dir={tmp_path}/run", "profile=true") == 0
    seconds = json.loads((tmp_path / "run/profile.json").read_text())
    assert seconds["evaluation"] > 0
    assert seconds["backward"] == 0


def test_every_moment_belongs_to_one_part() -> None:
    parts = Profile()
    begun = time.perf_counter()
    with parts.part("loss"):
        time.sleep(0.02)
        with parts.part("propagation"):
            time.sleep(0.03)
        parts.start("[Strategy]SingleDeviceStrategy.backward")
        time.sleep(0.01)
        parts.stop("[Strategy]SingleDeviceStrategy.backward")
    with parts.part("evaluation"), parts.part("propagation"):
        time.sleep(0.02)
    time.sleep(0.01)
    seconds = parts.result()
    assert sum(seconds.values()) == pytest.approx(time.perf_counter() - begun, abs=2e-3)
    least = {"loss": 0.02, "propagation": 0.03, "backward": 0.01, "evaluation": 0.02, "overhead": 0.01}
    for name, spent in least.items():
        assert seconds[name] >= spent
    assert seconds["setup"] == 0
