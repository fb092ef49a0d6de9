"""Every code block of every page: commands parse, values pass the check, Python compiles and, where marked, runs."""

from __future__ import annotations

import contextlib
import io
import json
import re
from pathlib import Path

import pytest
import yaml

from docs.generate import notebooks
from tests.docs.code_blocks import PAGES, ROOT, blocks, commands, pages_with, wrong


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT / "docs")))
def test_commands(page: Path) -> None:
    found = []
    for block in blocks(page):
        if block.language in ("bash", "sh", "shell", "console") and not block.mark.startswith("tested"):
            found += [
                f"{block.place}: {' '.join(words)}\n    {said}"
                for words in commands(block.text)
                if (said := wrong(words))
            ]
    assert not found, "\n".join(found)


def test_python_compiles() -> None:
    for block in pages_with("python"):
        compile(block.text, block.place, "exec")


@pytest.mark.parametrize(
    "page", [page for page in PAGES if any(block.mark == "run" for block in blocks(page))], ids=str
)
def test_python_runs(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The marked blocks of a page, one after the other, in an empty folder."""
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {"__name__": "page"}
    for block in blocks(page):
        if block.mark == "run":
            with contextlib.redirect_stdout(io.StringIO()):
                exec(compile(block.text, block.place, "exec"), names)


def test_data_blocks_are_of_their_form() -> None:
    for block in pages_with("json"):
        json.loads(block.text)
    for block in pages_with("yaml"):
        yaml.safe_load(block.text)


def test_each_block_says_what_it_is() -> None:
    """``text`` for what is printed; a block that a test elsewhere runs names a test that there is."""
    for page in PAGES:
        for block in blocks(page):
            assert block.language, f"{block.place}: a fence without a language"
            test = block.mark.removeprefix("tested: ")
            assert not block.mark.startswith("tested") or (ROOT / test).is_file(), f"{block.place}: no file {test}"


WIDTH = 98
"""Columns of code that a page shows at 1280 pixels, where it is neither cut nor wrapped."""


def test_lines_fit_the_page() -> None:
    cells = [(block.place, block.text) for language in ("bash", "python", "yaml") for block in pages_with(language)]
    cells += [(f"notebooks/{name}", notebooks.page(name)) for name in notebooks.names()]
    wide = [f"{place}: {line}" for place, text in cells for line in code_lines(text) if len(line) > WIDTH]
    assert not wide, "\n".join(wide)


def code_lines(text: str) -> list[str]:
    """The lines of a block, or of the blocks in a page."""
    fenced = re.findall(r"^```\w+\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    return "".join(fenced or [text]).splitlines()


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("ltgnn train fusion=id,nothing -m", "nothing"),
        ("ltgnn train fusion=nothing", "nothing"),
        ("ltgnn train dim=0", "dim=0"),
        ("ltgnn train loss=bpr loss.ranking.nothing=1", "nothing"),
        ("ltgnn train seed=1,x -m", "seed=x"),
        ("ltgnn nothing", "no command 'nothing'"),
        ("ltgnn claim A B --nothing", "--nothing"),
        ("ltgnn recommend run=DIR nothing=1", "nothing"),
        ("ltgnn recommend run=DIR rules=nothing", "nothing"),
        ("ltgnn data stats ml100k split=nothing", "nothing"),
        ("make nothing", "nothing"),
        ("LTGNN_MIRROR=/x ltgnn data fetch --nothing | head", "--nothing"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_found(line: str, said: str) -> None:
    (words,) = [words for words in commands(line) if words[0] != "head"]
    assert said in wrong(words)


def test_what_is_right_passes() -> None:
    text = """ltgnn train fusion=id,sum 'lr=tag(log,interval(1e-4,1e-1))' hydra/sweeper=optuna -m  # a comment
        ltgnn models fusion > file"""
    assert [wrong(words) for words in commands(text)] == ["", ""]
