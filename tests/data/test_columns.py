"""Columns of a table file: what their values must be, checked while they are read."""

import pytest

from tests.data.bad_input_case import HEADER, message, write


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(
            "user,item_id,time\na,1,1\n", "no column 'user_id'; it has: 'user', 'item_id', 'time'", id="missing"
        ),
        pytest.param("", "interactions.csv is empty", id="empty file"),
        pytest.param(HEADER, "interactions.csv holds no interactions", id="header only"),
        pytest.param(HEADER + "a,1,1\nb,2,soon\n", "line 3, column 'time': 'soon' is not a number", id="time"),
        pytest.param(HEADER + "a,1,1\nb,2,1_0\n", "line 3, column 'time': '1_0' is not a number", id="underscore"),
        pytest.param(HEADER + "a,1,inf\n", "line 2, column 'time': 'inf' is not a number", id="infinite"),
        pytest.param(HEADER + "a,1,1\nb,,2\n", "line 3, column 'item_id': no value ('')", id="no item"),
        pytest.param(HEADER + "a,1,1\nb\n", "line 3: 1 field, but there are 3 columns", id="short row"),
        pytest.param(HEADER + "a,1,1\n\nb,2,2,9\n", "line 4: 4 fields, but there are 3 columns", id="long row"),
        pytest.param(HEADER.encode() + b"a,1,1\n\xff,2,2\n", "line 3: not UTF-8", id="not UTF-8"),
        pytest.param("5,7,9\n6,7,8\n", "data.reader.names=[user,item,...]", id="no header"),
    ],
)
def test_interactions(tmp_path, text, expected):
    write(tmp_path, text)
    got = message(tmp_path, time="time")
    assert expected in got
    assert "interactions.csv" in got


def test_negative_counts(tmp_path):
    write(tmp_path, "product_id,title,description,price,rating\n1,a,b,1,1\n", "products.csv")
    write(tmp_path, "user_id,product_id,timestamp,click,purchase\na,1,5,1,0\na,1,6,-1,0\n", "user_behavior.csv")
    assert "user_behavior.csv, line 3, column 'click': -1 is below 0" in message(tmp_path, "shop")


def test_dropping_incomplete_rows_still_refuses_bad_values(tmp_path):
    write(tmp_path, HEADER + "a,1,1\n,2,2\nb,2,x\n")
    assert "line 4, column 'time': 'x' is not a number" in message(tmp_path, time="time", drop_incomplete=True)
    write(tmp_path, HEADER + ",1,1\n,2,2\n")
    assert "holds no interactions (2 rows lack a value" in message(tmp_path, drop_incomplete=True)
