"""Columns of raw ids, read piece by piece as numbers; the dictionary of the ids is held while its column is read."""

from tests.data.readers import reader
from tests.data.sources_case import lines


def test_ids_without_a_table_are_in_canonical_order(tmp_path):
    (tmp_path / "interactions.csv").write_text(lines("user_id,item_id", "10,b", "9,a", "100,10"))
    raw = reader("table")(tmp_path)
    assert raw.user_ids.to_list() == ["9", "10", "100"]  # whole numbers by value
    assert raw.item_ids.to_list() == ["10", "a", "b"]
    assert raw.notes["user ids"] == "whole numbers"
    (tmp_path / "interactions.csv").write_text(lines("user_id,item_id", "10,b", "9,a", "010,10"))
    assert reader("table")(tmp_path).user_ids.to_list() == ["010", "10", "9"]  # texts: zeros count
