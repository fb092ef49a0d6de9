"""Formats by content, encodings, line ends, headers: read and stated, or one message with file, line and option."""

import gzip
import json

import polars as pl
import pytest

from ltgnn.types import UserError
from tests.data.formats_case import LINES, OBJECTS, PAIRS, TEXT, read, said
from tests.data.readers import reader, rows


def test_delimited_and_parquet_by_content(tmp_path):
    members = gzip.compress(TEXT[:20].encode(), mtime=0) + gzip.compress(TEXT[20:].encode())
    for name in ("x.csv", "x.csv.gz", "x", "x.json5"):
        assert rows(read(tmp_path, TEXT, name)) == rows(read(tmp_path, members, name)) == PAIRS
    raw = read(tmp_path, TEXT, "x.csv.gz")
    assert raw.notes["interactions"][0]["name"] == "ends in .gz, but the file is not packed by gzip"
    pl.DataFrame({"user_id": ["a", "b", "é"], "item_id": [1, 2, 1]}).write_parquet(tmp_path / "x.csv")
    assert rows(reader("table", interactions={"all": "x.csv"})(tmp_path)) == PAIRS


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (LINES + '{"user_id": NaN, "item_id": 1}\n', "x, line 4, column 'user_id': no value"),
        (LINES + "{}\n", "x, line 4, column 'user_id': no value; the object has: "),
        (LINES + "[1]\n", "x, line 4: wanted a JSON object {...}, not '[1]'"),
        (LINES + "{'a': open('b')}\n", "x, line 4: not JSON"),
        (LINES + '{"user_id": "\\ud800", "item_id": 1}\n', "x, line 4, column 'user_id': half of a surrogate pair"),
        (LINES + '{"a": ' + "[" * 100_000 + "]" * 100_000 + "}\n", "x, line 4: values more than 200 deep"),
        ("[" * 100_000 + "]" * 100_000, "x: no column 'user_id'; it has: '[[[["),
        ('{"a":\n' + '{"a":' * 100_000 + "1" + "}" * 100_001, "x, line 1: values more than 200 deep"),
        ("{'a': " + "(" * 100_000 + ")" * 100_000 + "}\n", "x, line 1: not JSON"),
        (LINES + '{"user_id": "' + "x" * 30_000_000 + '\n', "x, line 4: not JSON"),
        (json.dumps(OBJECTS, indent=1)[:-5], "x, line 24: not JSON"),
        (json.dumps(OBJECTS) + "\n" + "{}", "x, line 2, column 'user_id': no value"),
        (json.dumps(OBJECTS[:2])[:-1] + ",\n", "x, line 2: the array is not closed: the file is cut short"),
        ("user_id,item_id\n" + "a," + "1" * 30_000_000 + ",\n", "x, line 2: 3 fields"),
        ('user_id,item_id\na,"' + "1" * 30_000_000, "x, line 2: a value begins with \" and is not closed"),
        (b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 4000, "x, line 1: not text, but binary data"),
        (b"PK\x03\x04" + bytes(300), "x: not text, but a zip archive or a spreadsheet (.xlsx)"),
        (TEXT.encode("utf-16-le"), "x, line 1: it looks like utf-16-le without a byte order mark; set data.reader."),
        (TEXT.encode() + b"a\0b,3\n", "x, line 5: a NUL byte"),
        (TEXT.replace("\n", "\r").encode() + b"\xff,3\r", "x, line 5: not UTF-8"),
        (gzip.compress(TEXT.encode(), mtime=0)[:-9], "x, after line "),
        (gzip.compress(TEXT.encode(), mtime=0) + b"garbage", "x, after line 4: the compressed file is damaged"),
        ("", "x is empty"),
        ("\n\n", "x is empty"),
        ("user_id,item_id,user_id\na,1,b\n", "x, line 1: several columns are called 'user_id'"),
        ("# by hand\n\nuser,item_id\na,1\n", "x: no column 'user_id'; it has: 'user', 'item_id'. Correct the file or"),
    ],
)  # fmt: skip
def test_one_message(tmp_path, content, expected):
    assert expected in said(tmp_path, content)


def test_messages_that_name_what_a_file_is_called(tmp_path):
    assert "called .gz, but is not packed" in said(tmp_path, "no table\n", "x.csv.gz")
    assert "called .gz, but is not packed" in said(tmp_path, bytes(range(256)), "x.csv.gz")
    assert len(said(tmp_path, "n" * 10_000_000 + "\n1\n")) < 400
    assert "no such encoding" in said(tmp_path, TEXT, encoding="latin-77")
    assert "no such encoding" in said(tmp_path, TEXT, encoding="rot13")


def test_a_long_value_and_infinity_are_read(tmp_path):
    long = "1" * 30_000_000
    assert read(tmp_path, f"user_id,item_id\na,{long}\n").item_ids.to_list() == [long]
    assert read(tmp_path, f'user_id,item_id,x\na,"1",5" {long}\n').item_ids.to_list() == ["1"]
    text = '{"user_id": "a", "item_id": 1, "x": Infinity, "y": {"z": [NaN]}}\n'
    assert rows(read(tmp_path, text)) == [("a", "1", "all")]
    assert "line 1, column 'x': 'inf' is not a number" in said(tmp_path, text, rating="x")


def test_names_of_events_and_items(tmp_path):
    (tmp_path / "items.csv").write_text("1,Lamp\n2,Chair\n")
    given = {"items": "items.csv", "item_fields": {"title": "title"}}
    names = {"names": ["user_id", "item_id"], "item_names": ["item_id", "title"]}
    raw = read(tmp_path, TEXT.partition("\n")[2], **given, **names)
    assert rows(raw) == PAIRS
    assert raw.item_fields["title"].to_list() == ["Lamp", "Chair"]
    assert "data.reader.names=[" in said(tmp_path, "1,2\n3,4\n", **given)
    (tmp_path / "items.csv").write_text("1,2\n3,4\n")
    assert "data.reader.item_names=[" in said(tmp_path, TEXT, **given)
    assert "line 1: 2 fields, but there are 3 columns" in said(tmp_path, "1,2\n", names=["user_id", "item_id", "x"])
    (tmp_path / "products.csv").write_text("1,Lamp\n")
    (tmp_path / "user_behavior.csv").write_text("u,1,5\n")
    raw = reader(
        "shop",
        names=["user_id", "product_id", "click"],
        product_names=["product_id", "title"],
        time=None,
        events={"click": 1.0},
        item_fields={"title": "title"},
        item_numbers={},
    )(tmp_path)
    assert raw.item_fields["title"].to_list() == ["Lamp"]


def test_lightgcn_lines(tmp_path):
    (tmp_path / "test.txt").write_text("0 1\n")
    for content in ("0 1_0\n", "0 ١\n", "0,1,2\n"):
        (tmp_path / "train.txt").write_text(content, encoding="utf-8")
        with pytest.raises(UserError, match=r"train\.txt, line 1, field \d: .* is not a whole number"):
            reader("lightgcn_text")(tmp_path)
    (tmp_path / "train.txt").write_bytes(gzip.compress("0 0 2\r\n1 1\r\n".encode("utf-16"), mtime=0))
    assert len(reader("lightgcn_text")(tmp_path)) == 4
