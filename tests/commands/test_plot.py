"""``ltgnn plot``: the same bytes each time, text as text, and what cannot be drawn."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ltgnn.commands.plot import KINDS, main
from ltgnn.types import UserError
from tests.analysis.plots.plots_case import write_sweep


@pytest.fixture
def sweep(tmp_path: Path) -> Path:
    return write_sweep(tmp_path)


@pytest.mark.parametrize("kind", KINDS)
def test_the_command_writes_the_same_bytes_with_text_as_text(
    sweep: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], kind: str
) -> None:
    words = [kind, str(sweep), *(["--baseline", "fusion=id"] if kind == "differences" else [])]
    first, second = tmp_path / "first.svg", tmp_path / "second.svg"
    for file in (first, second):
        assert main([*words, "--out", str(file)]) == 0
        assert capsys.readouterr().out.strip() == str(file)
    assert first.read_bytes() == second.read_bytes()
    svg = first.read_text()
    assert "sum" in re.sub(r"<[^>]*>", "", svg)
    assert "NDCG@20" in svg
    assert main([*words, "--out", str(tmp_path / "x.png")]) == 0
    assert (tmp_path / "x.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["head-tail", "--out", "x.jpg"], "--out x.jpg: a file that ends in .svg, .png, .pdf wanted"),
        (["differences"], "ltgnn plot differences needs --baseline"),
        (["pareto", "--baseline", "fusion=id"], "needs --baseline GROUP=OPTION,..., and no other kind has one"),
        (["pareto", "-x", "mrr@20"], "no finished run has both mrr@20 and items20/tail/ndcg@20"),
        (["head-tail", "--metric", "mrr@20"], "no finished run has items20/head/mrr@20"),
        (["head-tail", "--policy", "thirds"], "--policy thirds: no run has values by such groups"),
        (["learning", "--level", "95"], "--level 95.0: a share between 0 and 1 wanted"),
    ],
)
def test_what_cannot_be_drawn_is_said(
    sweep: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], told: str
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError) as mistake:
        main([words[0], str(sweep), *words[1:]])
    assert told in str(mistake.value)
