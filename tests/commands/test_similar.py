"""``ltgnn similar``: the items that Python names."""

from __future__ import annotations

from pathlib import Path

import pytest

import ltgnn
from ltgnn.commands.similar import main


def test_the_items_of_python(runs: dict[str, Path], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["i1", f"run={runs['gnn']}", "k=4", "by=users"]) == 0
    shown = capsys.readouterr().out
    assert shown.startswith("Similar to i1 ")
    items = ltgnn.load(runs["gnn"]).similar("i1", 4, "users")["item"]
    assert all(f" {item} " in shown for item in items)


def test_an_unknown_item(runs: dict[str, Path]) -> None:
    with pytest.raises(ltgnn.UserError, match=r"item=nothing is not among the 48 item ids"):
        main(["nothing", f"run={runs['gnn']}"])
