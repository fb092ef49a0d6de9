"""A comparison on paper: terminal, Markdown, LaTeX (booktabs) and CSV, the same numbers in each."""

from __future__ import annotations

from pathlib import Path

import pytest

from ltgnn.commands.compare import main
from tests.analysis.made import METRIC


def test_where_there_is_no_bold_type_none_is_promised(sweep: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(sweep)]) == 0
    assert "bold" not in capsys.readouterr().out
    assert main([str(sweep), "--format", "markdown"]) == 0
    assert "best of each column bold" in capsys.readouterr().out


def test_a_document_is_written(sweep: Path, tmp_path: Path) -> None:
    assert main([str(sweep), "--metrics", METRIC, "--format", "latex", "--out", str(tmp_path / "table.tex")]) == 0
    assert (tmp_path / "table.tex").read_text().count(r"\toprule") == 2
    assert main([str(sweep), "--metrics", METRIC, "--format", "csv", "--out", str(tmp_path / "table.csv")]) == 0
    assert (tmp_path / "table.csv").read_text().startswith("fusion,loss,value")
    assert (tmp_path / "table.anova.csv").read_text().startswith("value,effect")
