"""A claim in words and tables: the verdict first, the differences, and, where they are asked for, all tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from ltgnn.commands.claim import main
from tests.analysis.made import side


def test_the_caption_names_both_sides_and_the_groups(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    base, new = side(tmp_path / "base", 5, 0.1, 0.5), side(tmp_path / "new", 1, 0.14, 0.5, fusion="sum")
    main([base, new, "--draws", "50"])
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "Tail gain at no head loss: UNDECIDED"
    start = lines.index("ndcg@20, test part, groups items20, not recorded")
    assert lines[start + 1 : start + 3] == ["base: lightgcn id bpr (5 runs)", "new: lightgcn sum bpr (1 run)"]
