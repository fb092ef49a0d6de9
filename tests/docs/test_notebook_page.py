"""The tutorial of a notebook, done as it is written, in an empty folder: fewer epochs and seeds, every block."""

from __future__ import annotations

from pathlib import Path

import matplotlib as mpl
import pytest

import ltgnn
from tests.docs.code_blocks import ROOT, blocks

PAGE = ROOT / "docs/tutorials/notebook.md"
SHORTER = {
    "epochs=20": 'epochs=1, min_epochs=1, eval_every=1, dim=8, batch_size=8192, features="tfidf", progress=False',
    "seed=[1, 2, 3]": "seed=[1, 2]",
}


@pytest.mark.slow
def test_every_block_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)
    mpl.use("agg")
    names: dict[str, object] = {"__name__": "page"}
    found = [block for block in blocks(PAGE) if block.language == "python"]
    for block in found:
        text = block.text
        for long, short in SHORTER.items():
            text = text.replace(long, short)
        exec(compile(text, block.place, "exec"), names)
    printed = capsys.readouterr().out
    assert all(block.mark for block in found)
    assert "Did you mean 'model=lightgcn'?" in printed
    assert "Claim: lightgcn sum" in printed
    assert len(names["runs"]) == 4  # type: ignore[arg-type]
    assert isinstance(names["again"], ltgnn.Run)
    assert Path("users.svg").is_file()
