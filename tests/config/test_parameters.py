"""Parameters of what a recipe names."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

from ltgnn.config.parameters import of_target
from ltgnn.io.scoped_cache import cache_scope


def test_a_class_that_was_reloaded_is_asked_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a notebook, where a loss is edited between two calls."""
    file = tmp_path / "edited_losses.py"
    file.write_text("class Hinge:\n    def __init__(self, margin: float) -> None: ...\n")
    monkeypatch.syspath_prepend(tmp_path)
    with cache_scope():
        assert list(of_target("edited_losses.Hinge").known) == ["margin"]
    file.write_text("class Hinge:\n    def __init__(self, margin: float, width: int = 1) -> None: ...\n")
    importlib.reload(importlib.import_module("edited_losses"))
    with cache_scope():
        assert list(of_target("edited_losses.Hinge").known) == ["margin", "width"]
