"""A run that is refused leaves what was there before."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

REFUSED = ("model=content_knn", "features=none")


def contents(root: Path) -> set[Path]:
    return {path for path in root.rglob("*") if "cache" not in path.parts}


@pytest.mark.parametrize("words", [(), ("hydra.run.dir=a/b/c", "paths.run_dir=a/b/c")])
def test_no_folder_is_left(
    launch: Callable[..., int], tmp_path: Path, words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    before = contents(tmp_path)
    assert launch(*REFUSED, *words) == 1
    assert contents(tmp_path) == before
    assert "needs item features" in capsys.readouterr().err


def test_what_was_in_the_folder_stays(launch: Callable[..., int], tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    for file in ((), ("notes.txt",)):
        for name in file:
            (tmp_path / "mine" / name).write_text("x")
        before = contents(tmp_path)
        assert launch(*REFUSED, "paths.run_dir=mine") == 1
        assert contents(tmp_path) == before


def test_a_finished_run_stays(launch: Callable[..., int], tmp_path: Path) -> None:
    words = ("model=popularity", "features=none", "paths.run_dir=run")
    assert launch(*words) == 0
    before = contents(tmp_path)
    assert launch(*words) == 0
    assert launch(*REFUSED, "paths.run_dir=run") == 1
    assert contents(tmp_path) == before
