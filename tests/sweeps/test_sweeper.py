"""A sweep that is refused leaves nothing behind, and one that was there stays as it was."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from ltgnn.sweeps.sweeper import claim_folder, discard
from tests.conftest import run_folders

Launch = Callable[..., int]


@pytest.mark.parametrize("name", [["sweep.name=s"], []])
def test_a_refused_sweep_leaves_no_folder(
    launch: Launch, tmp_path: Path, capsys: pytest.CaptureFixture[str], name: list[str]
) -> None:
    assert launch("seed=1,foo", "features=none", *name, "-m") == 1
    assert "seed=foo given" in capsys.readouterr().err
    assert not (tmp_path / "logs").exists()


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


def test_sweeps_of_the_same_moment_have_folders_of_their_own(launch: Launch, tmp_path: Path) -> None:
    words = ["model=popularity", "features=none", "'sweep.name=${now:%Y}'", "sweep.resume=false", "-m"]
    words[2] = words[2].strip("'")
    assert launch("seed=1", *words) == 0
    assert launch("seed=2", *words) == 0
    sweeps = sorted((tmp_path / "logs/train/multiruns").iterdir())
    assert [len(run_folders(sweep)) for sweep in sweeps] == [1, 1]
    assert sweeps[1].name == f"{sweeps[0].name}_2"
    with ThreadPoolExecutor(16) as threads:
        folders = list(threads.map(lambda _: claim_folder(tmp_path / "same"), range(40)))
    assert len(set(folders)) == 40
