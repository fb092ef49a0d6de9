"""Names of sweeps, tasks, data sets and rows stay in their folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from ltgnn import cli
from ltgnn.config import safe_names
from ltgnn.types import UserError
from tests.conftest import CONF

OUTSIDE = ["../../../esc", "/abs", "", "..", ".", ".hidden", "a/b", "a\\b", "-rf", "a\nb", "x" * 300, "~", "a b"]


@pytest.mark.parametrize("text", OUTSIDE)
def test_names_that_leave_their_folder(text: str) -> None:
    with pytest.raises(UserError, match=r"sweep\.name="):
        safe_names.name(text, "sweep.name")


@pytest.mark.parametrize("text", ["br", "2026-11-29_21-05-41", "ml-100k", "läden_2", "v1.2"])
def test_names_that_do_not(text: str) -> None:
    assert safe_names.name(text, "sweep.name") == text


@pytest.mark.parametrize("text", ["../a", "/a", "a/../b", "a//b", "", ".", "a/.ssh", ".lock", "a\\b", "a\0b", "a/"])
def test_files_that_leave_their_folder(text: str) -> None:
    with pytest.raises(UserError, match="not a name inside its folder"):
        safe_names.file_name(text, "data.files.sha256")


def test_files_that_do_not() -> None:
    assert safe_names.file_name("deep/a.b-c.txt", "data.files.sha256") == "deep/a.b-c.txt"


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["sweep.name=../../../esc", "seed=1,2", "-m"], "sweep.name=../../../esc"),
        (["sweep.name=/abs", "seed=1,2", "-m"], "sweep.name=/abs"),
        (["sweep.name=''", "seed=1,2", "-m"], "sweep.name= given"),
        (["task=../../esc", "seed=1,2", "-m"], "task=../../esc"),
        (["task=../../esc"], "task=../../esc"),
    ],
    ids=str,
)
def test_train_writes_nothing_outside(
    words: list[str],
    named: str,
    shop: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "a" / "b" / "c").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "a" / "b" / "c")
    toy = [
        "--config-dir",
        str(CONF),
        "data=toy",
        f"data.files.path={shop}",
        "features=none",
        "model=popularity",
        "logger=none",
    ]
    assert cli.main(["train", *toy, *words]) == 1
    shown = capsys.readouterr().err
    assert named in shown
    assert shown.count("\n") <= 2
    assert "wanted a name of letters" in shown
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_a_data_set_is_fetched_below_the_folder_of_data_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    mirror = tmp_path / "mirror" / "ml-100k"
    mirror.mkdir(parents=True)
    monkeypatch.setenv("LTGNN_DATA", str(tmp_path / "a" / "b" / "data"))
    monkeypatch.setenv("LTGNN_MIRROR", str(mirror.parent))
    for name in ("../../x", "/abs", "..", "''"):
        assert cli.main(["data", "fetch", "ml100k", f"data.name={name}"]) == 1
        assert "data.name=" in capsys.readouterr().err
    assert not (tmp_path / "a").exists()
