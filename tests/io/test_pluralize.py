"""Numbers with their noun; no message has a number with the wrong one."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import ltgnn
from ltgnn.io.pluralize import pluralize


@pytest.mark.parametrize(
    ("number", "words", "said"),
    [
        (0, ("row",), "0 rows"),
        (1, ("row",), "1 row"),
        (2, ("row",), "2 rows"),
        (1234, ("row",), "1,234 rows"),
        (1, ("reply", "replies"), "1 reply"),
        (3, ("reply", "replies"), "3 replies"),
    ],
)
def test_by_hand(number: int, words: tuple[str, ...], said: str) -> None:
    assert pluralize(number, *words) == said


def test_no_message_leaves_the_number_of_its_noun_open() -> None:
    """``{n} run(s)``"""
    files = Path(ltgnn.__file__).parent.rglob("*.py")
    assert [
        f"{file}: {found}" for file in files for found in re.findall(r"\{[^{}]*\} \w+\(s\)", file.read_text())
    ] == []
