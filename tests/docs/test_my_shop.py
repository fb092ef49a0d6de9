"""The tutorial of a shop, done as it is written, in an empty folder: fewer epochs and seeds, every command."""

from __future__ import annotations

import re
import runpy
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from ltgnn.cli import main

PAGE = (Path(__file__).parents[2] / "docs/tutorials/my-shop.md").read_text(encoding="utf-8")
SHORTER = {"epochs=40": "epochs=1 min_epochs=1 eval_every=1", "seed=1,2,3,4,5": "seed=1,2"}
VERDICTS = (0, 2, 3)
"""Exit codes of ``ltgnn claim``: yes, no, undecided."""


def blocks(language: str) -> list[str]:
    """The code blocks in a language, in order."""
    return re.findall(rf"^```{language}[^\n]*\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


def commands() -> Iterator[list[str]]:
    """The words of each command of ltgnn."""
    for line in "".join(blocks("bash")).replace("\\\n", " ").splitlines():
        if line.startswith("ltgnn "):
            for long, short in SHORTER.items():
                line = line.replace(long, short)
            yield shlex.split(line)[1:]


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder with what the program of the page writes."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "make_shop.py").write_text(blocks("python")[0], encoding="utf-8")
    runpy.run_path("make_shop.py")
    return tmp_path


def test_the_data_are_those_that_the_page_shows(shop: Path) -> None:
    shown = next(block for block in blocks("text") if "goods.csv" in block).splitlines()
    for name, start in (("events.csv", 0), ("goods.csv", shown[0].index("goods.csv"))):
        lines = (shop / name).read_text(encoding="utf-8").splitlines()
        for line, row in zip(lines, shown[1:], strict=False):
            assert row[start:].split("  ")[0] == line
    assert len((shop / "events.csv").read_text(encoding="utf-8").splitlines()) == 9_996


def test_every_command_works(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for words in commands():
        if any("RUN" in word for word in words):
            (run,) = (shop / "logs/train/multiruns/text").glob("002_lightgcn_sum_*")
            words = [word.replace("RUN", str(run)) for word in words]
        code = main(words)
        printed = capsys.readouterr()
        assert code in (VERDICTS if words[0] == "claim" else (0,)), (words, printed.err)
        if words[:2] == ["data", "import"] and "my-shop" in words:
            wanted = next(block for block in blocks("text") if "as read" in block)
            assert wanted in printed.out, "the numbers that the page explains"
        if words[:2] == ["data", "stats"]:
            assert "head 60, tail 225, cold 15" in printed.out
    assert (shop / "report.html").is_file()
    assert (shop / "lists.csv").is_file()


def test_the_weights_of_events(shop: Path) -> None:
    code = blocks("python")[1].replace("epochs=40", "epochs=1, min_epochs=1, eval_every=1, progress=False")
    names: dict[str, object] = {}
    exec(compile(code, "my-shop.md", "exec"), names)
    assert names["shop"].num_users == 400  # type: ignore[attr-defined]
    assert 0 < names["run"].test["ndcg@20"] < 1  # type: ignore[attr-defined]
