"""Which rows of a table were run on other data."""

from __future__ import annotations

from ltgnn.analysis.other_data import data_note


def test_only_one_recipe_of_two_data_is_named() -> None:
    recipe = {"data": {"name": "toy"}, "split": {"val": 0.1}}
    same = [(recipe, {"fingerprint": "a"}), (recipe, {"fingerprint": "a"}), ({"data": 2}, {"fingerprint": "b"})]
    assert data_note(same) == ""
    note = data_note([*same, (recipe, {"fingerprint": "c"})])
    assert note.endswith("not comparable: rows 0, 1; rows 3.")
