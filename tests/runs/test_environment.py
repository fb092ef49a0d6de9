"""What a run ran on."""

from __future__ import annotations

import platform
import re

import torch

from ltgnn.runs.environment import commit, environment


def test_versions_and_machine() -> None:
    found = environment()
    assert found["python"] == platform.python_version()
    assert str(found["packages"]["torch"]).partition("+")[0] == torch.__version__.partition("+")[0]
    assert found["threads"] == torch.get_num_threads()
    assert found["cpu"]


def test_commit_is_a_hash_or_nothing() -> None:
    assert commit() is None or re.fullmatch(r"[0-9a-f]{12,}\+?", commit() or "")
