"""Bad input: one message that names file, line, column and what to do."""

import gzip
import json
import re

import polars as pl
import pytest

from ltgnn.data.catalog import load
from ltgnn.data.cleaning import Cleaning
from ltgnn.types import UserError
from tests.data.readers import reader

HEAD = "user_id,item_id,time\n"
TITLES = {"items": "items.csv", "item_fields": {"title": "title"}}


def message(folder, data="table", **changes):
    with pytest.raises(UserError) as caught:
        reader(data, **changes)(folder)
    return str(caught.value)


def write(folder, text, name="interactions.csv"):
    (folder / name).write_bytes(text if isinstance(text, bytes) else text.encode())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(
            "user,item_id,time\na,1,1\n", "no column 'user_id'; it has: 'user', 'item_id', 'time'", id="missing"
        ),
        pytest.param("", "interactions.csv is empty", id="empty file"),
        pytest.param(HEAD, "interactions.csv holds no interactions", id="header only"),
        pytest.param(HEAD + "a,1,1\nb,2,soon\n", "line 3, column 'time': 'soon' is not a number", id="time"),
        pytest.param(HEAD + "a,1,1\nb,2,1_0\n", "line 3, column 'time': '1_0' is not a number", id="underscore"),
        pytest.param(HEAD + "a,1,inf\n", "line 2, column 'time': 'inf' is not a number", id="infinite"),
        pytest.param(HEAD + "a,1,1\nb,,2\n", "line 3, column 'item_id': no value ('')", id="no item"),
        pytest.param(HEAD + "a,1,1\nb\n", "line 3: 1 field, but there are 3 columns", id="short row"),
        pytest.param(HEAD + "a,1,1\n\nb,2,2,9\n", "line 4: 4 fields, but there are 3 columns", id="long row"),
        pytest.param(HEAD.encode() + b"a,1,1\n\xff,2,2\n", "line 3: not UTF-8", id="not UTF-8"),
        pytest.param("5,7,9\n6,7,8\n", "data.reader.names=[user,item,...]", id="no header"),
    ],
)
def test_interactions(tmp_path, text, expected):
    write(tmp_path, text)
    got = message(tmp_path, time="time")
    assert expected in got
    assert "interactions.csv" in got


def test_no_file(tmp_path):
    assert f"No file {tmp_path / 'interactions.csv'}" in message(tmp_path)
    assert "No file" in message(tmp_path, interactions={"all": "x.parquet"})
    assert "No file" in message(tmp_path, interactions={"all": "x.jsonl"})
    assert "No file" in message(tmp_path, "lightgcn_text")


def test_wrong_separator(tmp_path):
    write(tmp_path, "user_id\titem_id\na\t1\n")
    got = message(tmp_path, separator=",")
    assert "no column 'user_id'; it has: 'user_id\\titem_id'" in got
    assert "data.reader.separator" in got


def test_truncated_gzip(tmp_path):
    packed = gzip.compress((HEAD + "".join(f"{n},{n},{n}\n" for n in range(20000))).encode())
    write(tmp_path, packed[: len(packed) // 2], "interactions.csv.gz")
    got = message(tmp_path, interactions={"all": "interactions.csv.gz"}, time="time")
    assert re.search(r"interactions\.csv\.gz, after line \d+: the compressed file is cut short", got)


def test_quotes_and_newlines_inside_titles(tmp_path):
    write(tmp_path, HEAD + "a,1,1\n")
    write(tmp_path, 'item_id,title\n1,"two\nlines, ""quoted"""\n2,plain\n', "items.csv")
    raw = reader("table", **TITLES)(tmp_path)
    assert raw.item_fields["title"].to_list() == ['two\nlines, "quoted"', "plain"]
    # lines are counted in the file, not in rows
    write(tmp_path, 'item_id,title,price\n1,"two\nlines",5\n2,plain,cheap\n', "items.csv")
    got = message(tmp_path, **TITLES, item_numbers={"price": "price"})
    assert "items.csv, line 4, column 'price': 'cheap' is not a number" in got


def test_unclosed_quote(tmp_path):
    write(tmp_path, HEAD + "a,1,1\n")
    write(tmp_path, 'item_id,title\n1,"open\n2,plain\n', "items.csv")
    assert "items.csv" in message(tmp_path, **TITLES)


def test_unknown_item(tmp_path):
    write(tmp_path, HEAD + "a,1,1\nb,9,1\nb,8,1\n")
    write(tmp_path, "item_id,title\n1,one\n", "items.csv")
    got = message(tmp_path, **TITLES)
    assert "interactions.csv, line 3, column 'item_id'" in got
    assert "2 in all" in got
    assert "data.reader.keep_unknown=true" in got
    raw = reader("table", **TITLES, keep_unknown=True)(tmp_path)
    assert raw.item_fields["title"].to_list() == ["one", "", ""]


def test_repeated_product_ids(tmp_path):
    write(tmp_path, HEAD + "a,1,1\n")
    write(tmp_path, "item_id,title\n1,one\n2,two\n1,uno\n", "items.csv")
    got = message(tmp_path, **TITLES)
    assert "items.csv, line 2, column 'item_id': the id '1' is in 2 rows" in got
    assert "data.reader.first_counts=true" in got
    raw = reader("table", **TITLES, first_counts=True)(tmp_path)
    assert raw.item_fields["title"].to_list() == ["one", "two"]


def test_negative_counts(tmp_path):
    write(tmp_path, "product_id,title,description,price,rating\n1,a,b,1,1\n", "products.csv")
    write(tmp_path, "user_id,product_id,timestamp,click,purchase\na,1,5,1,0\na,1,6,-1,0\n", "user_behavior.csv")
    assert "user_behavior.csv, line 3, column 'click': -1 is below 0" in message(tmp_path, "shop")


def test_dates(tmp_path):
    write(tmp_path, HEAD + "a,1,2020-01-01\nb,1,01/02/2020\n")
    assert "time_format='%Y-%m-%d %H:%M:%S'" in message(tmp_path, time="time")
    got = message(tmp_path, time="time", time_format="%Y-%m-%d")
    assert "line 3, column 'time': '01/02/2020' is not a time of the form '%Y-%m-%d'" in got


def test_dropping_incomplete_rows_still_refuses_bad_values(tmp_path):
    write(tmp_path, HEAD + "a,1,1\n,2,2\nb,2,x\n")
    assert "line 4, column 'time': 'x' is not a number" in message(tmp_path, time="time", drop_incomplete=True)
    write(tmp_path, HEAD + ",1,1\n,2,2\n")
    assert "holds no interactions (2 rows lack a value" in message(tmp_path, drop_incomplete=True)


def test_json_lines(tmp_path):
    good = {"user_id": "a", "item_id": "1"}
    for text, expected in [
        (json.dumps(good) + "\n{user_id: b}\n", "line 2: not JSON"),
        (json.dumps(good) + '\n["b"]\n', "line 2: wanted a JSON object"),
        (json.dumps(good) + '\n{"item_id": "2"}\n', "line 2, column 'user_id': no value"),
        (json.dumps(good | {"user_id": None}) + "\n", "line 1, column 'user_id': no value"),
    ]:
        write(tmp_path, text, "x.jsonl")
        assert expected in message(tmp_path, interactions={"all": "x.jsonl"})
    write(tmp_path, json.dumps(good | {"t": "x"}) + "\n", "x.jsonl")
    got = message(tmp_path, interactions={"all": "x.jsonl"}, time="t")
    assert "line 1, column 't': 'x' is not a number" in got


def test_parquet(tmp_path):
    pl.DataFrame({"user_id": ["a", None], "item_id": [1, 2]}).write_parquet(tmp_path / "x.parquet")
    assert "x.parquet, row 2, column 'user_id': no value" in message(tmp_path, interactions={"all": "x.parquet"})
    pl.DataFrame({"user_id": ["a", "b"], "item_id": [1.0, 2.5]}).write_parquet(tmp_path / "x.parquet")
    assert "x.parquet, row 2, column 'item_id'" in message(tmp_path, interactions={"all": "x.parquet"})
    (tmp_path / "x.parquet").write_text("not parquet")
    assert "not a Parquet file" in message(tmp_path, interactions={"all": "x.parquet"})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0 1\n1 x 2\n", "train.txt, line 2, field 2: 'x' is not a whole number"),
        ("0 1\n\n1 -2\n", "train.txt, line 3, field 2: '-2' is not a whole number"),
        ("0 1\n1 99999999999\n", "train.txt, line 2, field 2: '99999999999'"),
        ("0 1\n1 1.0\n", "train.txt, line 2, field 2: '1.0'"),
        ("", "train.txt is empty"),
    ],
)
def test_lightgcn(tmp_path, text, expected):
    write(tmp_path, text, "train.txt")
    write(tmp_path, "0 5\n", "test.txt")
    assert expected in message(tmp_path, "lightgcn_text")


def test_parts_of_wrong_names(tmp_path):
    write(tmp_path, HEAD + "a,1,1\n")
    got = message(tmp_path, interactions={"training": "interactions.csv"})
    assert "names the parts training; wanted all, or train, val, test" in got


def test_no_item_left_after_the_core(tmp_path):
    write(tmp_path, HEAD + "a,1,1\nb,2,1\n")
    core = Cleaning(None, None, None, 5, 5, False, False)
    with pytest.raises(UserError, match=r"No interactions are left\..*user_core"):
        load(lambda: tmp_path, reader("table"), core)


def test_counts_that_are_not_the_published_ones(tmp_path):
    write(tmp_path, HEAD + "a,1,1\nb,2,1\n")
    keep = Cleaning(None, None, None, 1, 1, False, False)
    with pytest.raises(
        UserError, match=r"toy are not the published ones: items: 2, published 3\. .*data\.expected=null"
    ):
        load(lambda: tmp_path, reader("table"), keep, "toy", {"users": 2, "items": 3})
