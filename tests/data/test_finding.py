"""A finding of an audit in one line."""

from __future__ import annotations

from ltgnn.data.finding import Finding


def test_in_words() -> None:
    assert str(Finding("twins", 1234, "items with the same text")) == "twins: 1,234 (items with the same text)"
