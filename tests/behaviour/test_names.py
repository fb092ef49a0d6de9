"""Names say what a thing is: no participle or adverb that fits everything."""

from __future__ import annotations

import ast
from pathlib import Path

import ltgnn

PACKAGE = Path(ltgnn.__file__).parent

VAGUE = {"apart", "cut", "once", "own", "told", "whole"}
"""And ``read`` as the name of a value; as a method it is the verb."""

EXCEPTIONS = {
    "reproduction/published_row.py": "whole is a key of the yaml of published rows",
}


def names(text: str) -> set[str]:
    """Functions, classes, arguments and values that a source names."""
    found = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.add(node.name.strip("_"))
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(f"{node.id} =")
        elif isinstance(node, ast.arg):
            found.add(f"{node.arg} =")
    return found


def vague(text: str) -> set[str]:
    """Those that say nothing."""
    return {name for name in names(text) if name.removesuffix(" =") in VAGUE or name == "read ="}


def test_the_search_finds_each_kind() -> None:
    text = "def cut(own, fine):\n    told = read = 1\nfor whole in []: pass\nclass A:\n    def read(self): ...\n"
    assert vague(text) == {"cut", "own =", "told =", "read =", "whole ="}


def test_no_name_is_vague() -> None:
    files = {file.relative_to(PACKAGE).as_posix(): file for file in PACKAGE.rglob("*.py")}
    found = {place: sorted(said) for place, file in files.items() if (said := vague(file.read_text()))}
    assert {place: said for place, said in found.items() if place not in EXCEPTIONS} == {}
    assert found.keys() == EXCEPTIONS.keys(), "these exceptions are needed no more"
