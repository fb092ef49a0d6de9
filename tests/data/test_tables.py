"""Tables of items and users, joined by id with the rows of interactions into ``Raw``."""

from tests.data.bad_input_case import HEADER, TITLES, message, write
from tests.data.readers import reader


def test_unknown_item(tmp_path):
    write(tmp_path, HEADER + "a,1,1\nb,9,1\nb,8,1\n")
    write(tmp_path, "item_id,title\n1,one\n", "items.csv")
    got = message(tmp_path, **TITLES)
    assert "interactions.csv, line 3, column 'item_id'" in got
    assert "2 in all" in got
    assert "data.reader.keep_unknown=true" in got
    raw = reader("table", **TITLES, keep_unknown=True)(tmp_path)
    assert raw.item_fields["title"].to_list() == ["one", "", ""]


def test_repeated_product_ids(tmp_path):
    write(tmp_path, HEADER + "a,1,1\n")
    write(tmp_path, "item_id,title\n1,one\n2,two\n1,uno\n", "items.csv")
    got = message(tmp_path, **TITLES)
    assert "items.csv, line 2, column 'item_id': the id '1' is in 2 rows" in got
    assert "data.reader.first_counts=true" in got
    raw = reader("table", **TITLES, first_counts=True)(tmp_path)
    assert raw.item_fields["title"].to_list() == ["one", "two"]
