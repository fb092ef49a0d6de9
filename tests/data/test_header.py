"""The lines above the rows of a delimited text: ``sep=;``, comments, the names of the columns."""

import pytest

from tests.data.bad_input_case import message, write
from tests.data.formats_case import PAIRS, TEXT, read
from tests.data.readers import rows


def test_wrong_separator(tmp_path):
    write(tmp_path, "user_id\titem_id\na\t1\n")
    got = message(tmp_path, separator=",")
    assert "no column 'user_id'; it has: 'user_id\\titem_id'" in got
    assert "data.reader.separator" in got


@pytest.mark.parametrize(
    ("above", "stated"),
    [
        ("sep=;\n", ("first line", "sep=;")),
        ('"sep=;"\r\n', ("first line", '"sep=;"')),
        ("# written today\n# by hand\n", ("comment lines above", 2)),
        ("\n", ("column names", "in line 2")),
        ("sep=;\n# by hand\n\n", ("comment lines above", 1)),
    ],
)
def test_lines_above_the_header(tmp_path, above, stated):
    raw = read(tmp_path, above + TEXT.replace(",", ";"))
    assert rows(raw) == PAIRS
    assert raw.notes["interactions"][0][stated[0]] == stated[1]


def test_names_in_a_comment_and_signs_that_are_ids(tmp_path):
    assert rows(read(tmp_path, "#user_id,item_id\na,1\nb,2\né,1\n")) == PAIRS
    raw = read(tmp_path, "#,user_id,item_id\n1,a,1\n2,b,2\n3,é,1\n")
    assert rows(raw) == PAIRS
    raw = read(tmp_path, "# From To\n#tag 1\nb 2\n", names=["user_id", "item_id"])
    assert rows(raw) == [("#tag", "1", "all"), ("b", "2", "all")]
    assert raw.notes["interactions"][0]["comment lines above"] == 1


def test_repeated_and_empty_names_of_columns_that_are_not_read(tmp_path):
    raw = read(tmp_path, ",user_id,item_id,x,x,\n0,a,1,,,\n1,b,2,,,\n2,é,1,,,\n")
    assert rows(raw) == PAIRS
    stated = raw.notes["interactions"][0]["repeated or empty names"]
    assert stated == "'' (column 1), 'x' (column 5), '' (column 6)"
