"""Answers of language models by hand."""

import json

import pytest

from ltgnn.features.describing.answer import read_answer

PARTS = ["description", "uses", "buyers"]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Description: a hose\nUses: gardens\nBuyers: gardeners", ("a hose", "gardens", "gardeners")),
        (
            "Sure!\n**Description:** A hose.\n- Uses: gardens,\n  lawns\n3. BUYERS: all",
            ("A hose.", "gardens, lawns", "all"),
        ),
        ("Description: a\nDescription: b\nUses: c\nItem: Next\nBuyers: d", ("a", "c", "d")),
        ("Description: a\n\nAn afterword.\nUses: c", ("a", "c", None)),
        ("Description: <one sentence>\nUses:\nBuyers: toys, 1995, 1995, toys, new", (None, None, "toys, 1995, new")),
        ("Description: a\nColour: red\nmore red\nUses: c", ("a", "c", None)),
        (
            'Here: {"Description": "a \\"b\\"", "uses": ["c", "d", 3], "buyers": {"x": 1}} Done.',
            ('a "b', "c, d, 3", None),
        ),
        ('{"description": "whole", "uses": ["x", "y"], "buyers": "cut sho', ("whole", "x, y", None)),
        ("[" * 100_000 + "{" * 100_000, (None, None, None)),
        ("I cannot do that.", (None, None, None)),
        ("", (None, None, None)),
    ],
)  # fmt: skip
def test_what_can_be_read(text: str, wanted: tuple[str | None, ...]) -> None:
    assert read_answer(text, PARTS) == {part: line for part, line in zip(PARTS, wanted, strict=True) if line}


def test_an_answer_in_json_and_the_same_in_lines_are_one() -> None:
    parts = {"description": "A red hose.", "uses": "water, cars", "buyers": "gardeners"}
    lines = "\n".join(f"{name.title()}: {value}" for name, value in parts.items())
    assert read_answer(json.dumps(parts), PARTS) == read_answer(lines, PARTS) == parts


def test_names_of_parts_are_no_patterns() -> None:
    assert read_answer("a+b: one", ["a+b"]) == {"a+b": "one"}
