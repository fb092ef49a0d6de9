"""What tests of update share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tests.conftest import run_folders

Launch = Callable[..., int]

EVENTS = [
    ("u3", "i40"),
    ("u3", "i41"),
    ("new1", "i0"),
    ("new1", "i5"),
    ("u7", "sword"),
    ("new2", "sword"),
    ("u3", "i40"),
]

ITEMS = {"sword": {"title": "the castle number one"}, "lonely": {"title": "the garden number two"}}


def trained(launch: Launch, tmp_path: Path, *overrides: str) -> Path:
    assert launch(*overrides, "epochs=2", "paths.log_dir=run") == 0
    (run,) = run_folders(tmp_path / "run")
    return run
