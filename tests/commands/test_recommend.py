"""``ltgnn recommend``: the lists that Python gives."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

import ltgnn
from ltgnn.commands.recommend import main


def test_the_lists_of_python(runs: dict[str, Path], tmp_path: Path) -> None:
    file = tmp_path / "lists.csv"
    assert main([f"run={runs['gnn']}", "users=u1,u2", "k=3", f"out={file}"]) == 0
    wanted = ltgnn.load(runs["gnn"]).recommend(["u1", "u2"], k=3)
    assert pl.read_csv(file)["item"].to_list() == wanted["item"].to_list()


@pytest.mark.parametrize(("word", "said"), [("k=0", "k=0 given"), ("reasons=yes", "one of true, false wanted")])
def test_mistakes(runs: dict[str, Path], word: str, said: str) -> None:
    with pytest.raises(ltgnn.UserError, match=said):
        main([f"run={runs['gnn']}", word])
