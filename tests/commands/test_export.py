"""``ltgnn export``: a folder that answers as the run does."""

from __future__ import annotations

from pathlib import Path

import pytest

import ltgnn
from ltgnn.commands.export import main


def test_the_folder_answers_as_the_run(
    runs: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "model"
    assert main([f"run={runs['gnn']}", f"out={out}"]) == 0
    assert f"  {out / 'export.json'}" in capsys.readouterr().out
    run, exported = (ltgnn.load(place).recommend(["u3"], k=5)["item"].to_list() for place in (runs["gnn"], out))
    assert run == exported


def test_help_and_a_wrong_word(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    assert "usage: ltgnn export run=DIR out=DIR" in capsys.readouterr().out
    with pytest.raises(ltgnn.UserError, match=r"onnx=maybe given, one of true, false wanted"):
        main(["run=x", "out=y", "onnx=maybe"])
