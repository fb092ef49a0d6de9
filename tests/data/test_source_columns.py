"""Columns that a data set was read from: in the recipe, in the card of the import, in that of what was made of it."""

from __future__ import annotations

import pytest

from ltgnn.data.source_columns import SourceColumns, choices_of, choose_column, recorded_columns
from ltgnn.types import UserError


def test_of_a_reader() -> None:
    reader = {
        "_target_": "x",
        "user": "uid",
        "item": 0,
        "time": "t",
        "item_fields": {"title": "name"},
        "item_numbers": {},
    }
    wanted = {"user": "uid", "item": "0", "item_fields": {"title": "name"}}
    assert choices_of(reader, {}) == wanted
    weighed = {"event": "action", "event_weights": {"buy": 5.0}, "rating": "stars"}
    found = choices_of({**reader, **weighed}, {"repeats": "sum", "min_rating": 4.0, "user_core": 5})
    assert found == {**wanted, **weighed, "repeats": "sum", "min_rating": 4.0}
    assert "rating" not in choices_of({**reader, **weighed}, {"min_rating": None})  # then no row depends on it


def test_recorded_at_any_depth() -> None:
    assert recorded_columns({"user": "uid", "item": "sku"}, {}) == SourceColumns("uid", "sku", "sku")
    card = {"columns": {"user": "uid", "item": "sku", "item_key": "id"}}
    assert recorded_columns({}, {"source": {"processed from": card}}) == SourceColumns("uid", "sku", "id")
    again = {"source": {"processed from": {"source": {"processed from": card}}}}
    assert recorded_columns({"time_unit": "s"}, again) == SourceColumns("uid", "sku", "id")
    assert recorded_columns({}, {}) == SourceColumns()
    own = recorded_columns({}, {"source": {"processed from": card}}, {"repeats": "first"})
    assert own == SourceColumns("uid", "sku", "id")  # a folder has one row for each pair


def test_the_first_likely_one_that_is_there() -> None:
    assert choose_column("", ("uid", "user"), ["user", "x"], "f.csv", "user") == "user"
    assert choose_column("mine", ("uid", "user"), ["user"], "f.csv", "user") == "mine"
    assert choose_column("", ("", "user"), [], "f.jsonl", "user") == "user"
    with pytest.raises(UserError, match=r"f.csv: no column 'uid' or 'user'; it has: a, b. Name it by user=COLUMN."):
        choose_column("", ("uid", "user", ""), ["a", "b"], "f.csv", "user")
