"""A sweep that is refused leaves nothing behind, and one that was there stays as it was."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from ltgnn.sweeps.sweeper import discard

Launch = Callable[..., int]


@pytest.mark.parametrize("name", [["sweep.name=s"], []])
def test_a_refused_sweep_leaves_no_folder(
    launch: Launch, tmp_path: Path, capsys: pytest.CaptureFixture[str], name: list[str]
) -> None:
    assert launch("seed=1,foo", "features=none", *name, "-m") == 1
    assert "seed=foo given" in capsys.readouterr().err
    assert list(tmp_path.glob("logs/train/multiruns/*")) == []


def test_only_a_folder_without_jobs_is_discarded(tmp_path: Path) -> None:
    sweep = tmp_path / "s"
    (sweep / ".sweep").mkdir(parents=True)
    (sweep / ".sweep" / "lock").touch()
    job = sweep / ".sweep" / f"{'k' * 64}.json"
    job.touch()
    discard(sweep)
    assert job.is_file()
    job.unlink()
    discard(sweep)
    assert not sweep.exists()
