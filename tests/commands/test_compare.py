"""``ltgnn compare`` as a document."""

from __future__ import annotations

from pathlib import Path

import pytest

from ltgnn.commands.compare import main
from ltgnn.types import UserError
from tests.analysis.made import write_run


def test_two_fusions_and_a_baseline(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for fusion, tail in (("id", 0.1), ("sum", 0.2)):
        for seed in (1, 2):
            write_run(tmp_path / f"{fusion}{seed}", seed, tail, 0.5, fusion=fusion)
    words = [str(tmp_path), "--by", "fusion", "--baseline", "fusion=id", "--format", "markdown"]
    assert main(words) == 0
    shown = capsys.readouterr().out
    assert "| fusion=sum" in shown or "| sum" in shown
    assert main([*words, "--out", str(tmp_path / "table.md")]) == 0
    assert (tmp_path / "table.md").read_text(encoding="utf-8").strip() == shown.strip()


def test_a_baseline_that_is_no_option(tmp_path: Path) -> None:
    write_run(tmp_path / "run", 1, 0.1, 0.5)
    with pytest.raises(UserError, match=r"fusion"):
        main([str(tmp_path), "--by", "fusion", "--baseline", "fusion"])
