"""The record of a sweep, and which sweep was interrupted."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ltgnn.sweeps.sweep_record import find_interrupted, read_record, write


def test_written_and_read(tmp_path: Path) -> None:
    (tmp_path / ".sweep").mkdir()
    write(tmp_path, ["seed=1,2"], "running")
    assert read_record(tmp_path)["arguments"] == ["seed=1,2"]
    assert read_record(tmp_path / "none") == {}


def test_the_same_command_of_a_dead_process_goes_on(tmp_path: Path) -> None:
    (tmp_path / "first/.sweep").mkdir(parents=True)
    write(tmp_path / "first", ["seed=1,2"], "running")
    assert find_interrupted(tmp_path, ["seed=1,2"]) is None  # its process, this one, lives
    record = read_record(tmp_path / "first")
    record["owner"]["pid"] = 2**22 + 1
    (tmp_path / "first/.sweep/sweep.json").write_text(json.dumps(record))
    assert find_interrupted(tmp_path, ["seed=1,2"]) == tmp_path / "first"
    assert find_interrupted(tmp_path, ["seed=1,2,3"]) is None


def test_an_unreadable_record_is_named(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / ".sweep").mkdir()
    (tmp_path / ".sweep/sweep.json").write_text("[")
    assert read_record(tmp_path) == {}
    assert f"give sweep.dir={tmp_path}" in caplog.text
