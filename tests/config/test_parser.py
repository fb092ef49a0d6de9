"""Errors on flags show what was typed without control characters, in every command."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import ltgnn
from ltgnn.cli import main

WITH_FLAGS = ("table", "compare", "claim", "pareto", "report", "runs", "features", "reproduce", "data")


@pytest.mark.parametrize("command", WITH_FLAGS)
def test_control_characters_are_not_obeyed(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main([command, "x", "y", "--no-such-flag\x1b[31m\x07\x9b"])
    assert left.value.code == 2
    printed = capsys.readouterr().err
    assert not set(printed) & {"\x1b", "\x07", "\x9b"}
    assert f"ltgnn {command}" in printed


def test_every_command_uses_it() -> None:
    for file in (Path(ltgnn.__file__).parent / "commands").rglob("*.py"):
        assert not re.search(r"argparse\.ArgumentParser\(", file.read_text(encoding="utf-8")), file
