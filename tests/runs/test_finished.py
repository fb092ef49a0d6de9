"""A finished run, or why it is not one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ltgnn.runs.finished import finished_run, refuse_lists
from ltgnn.types import UserError


def test_a_finished_run_is_given_back(tmp_path: Path) -> None:
    (tmp_path / "status.json").write_text(json.dumps({"state": "finished"}))
    assert finished_run(tmp_path).path == tmp_path


def test_what_is_none_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"member=.* is not a run folder: it has no status.json"):
        finished_run(tmp_path, "member")
    (tmp_path / "status.json").write_text(json.dumps({"state": "failed"}))
    with pytest.raises(UserError, match=r"is failed, wanted a finished run"):
        finished_run(tmp_path)


def test_lists_have_no_model(tmp_path: Path) -> None:
    (tmp_path / "status.json").write_text(json.dumps({"state": "finished"}))
    run = finished_run(tmp_path)
    refuse_lists(run, {"lists": None})
    with pytest.raises(UserError, match=r"has no model: it is an evaluation of the lists in peers.csv"):
        refuse_lists(run, {"lists": "peers.csv"})
