"""Tables of a notebook: escaped, short."""

from __future__ import annotations

from ltgnn.io.notebook import LONGEST, MOST, card, cell, grid


def test_text_is_escaped_and_shortened() -> None:
    assert cell("<b>\n&") == "&lt;b&gt; &amp;"
    assert len(cell("a" * 300)) == LONGEST
    assert "<caption>&lt;i&gt;</caption>" in card("<i>", {"users": 3})


def test_rows_beyond_the_most_are_counted() -> None:
    found = grid("t", ["a"], [[row] for row in range(MOST + 5)])
    assert found.count("<tr>") == MOST + 1
    assert found.endswith("<p>and 5 more</p>")
