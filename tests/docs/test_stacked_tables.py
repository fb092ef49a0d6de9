"""Tables on a phone: those of words are stacked, those of numbers are not."""

from __future__ import annotations

from markdown import Markdown

from docs.generate.stacked_tables import StackedTables, is_wide

WORDS = """
| key | default | meaning |
|---|---|---|
| `logger.metrics` | `[ndcg, recall, coverage]` | values that are shown beside the monitor |
"""


def test_cells_of_a_wide_table_have_the_names_of_their_columns() -> None:
    page = Markdown(extensions=["tables", "pymdownx.inlinehilite", StackedTables()]).convert(WORDS)
    assert "<table data-stacked" in page
    assert '<td data-label="default">' in page
    assert page.count("data-label") == 2


def test_only_words_that_do_not_fit_are_stacked() -> None:
    words = ["a name of a key", "a sentence about what it means", "another sentence of words"]
    assert is_wide(["key", "meaning", "source"], [words])
    assert not is_wide(["key", "meaning"], [words[:2]])
    assert not is_wide(["side", "ms", "max", "GB"], [["RecBole with all its settings", "590", "825", "1.19"]])
    assert not is_wide(["a", "b", "c"], [["x", "y", "z"]])


def test_words_of_the_header_take_room() -> None:
    row = ["recall", "share of the held-out", "larger", "user"]
    assert is_wide(["name", "formula and source", "better", "one value per"], [row])
    assert not is_wide(["name", "formula", "", ""], [row])
