"""Formats by content, encodings, line ends, headers: read and stated, or one message with file, line and option."""

import codecs
import gzip
import json
import time

import polars as pl
import pytest

from ltgnn.data.formats import table_file
from ltgnn.data.text_source import TextSource
from ltgnn.types import UserError
from tests.data.readers import reader, rows

PAIRS = [("a", "1", "all"), ("b", "2", "all"), ("é", "1", "all")]
TEXT = "user_id,item_id\na,1\nb,2\né,1\n"
OBJECTS = [{"user_id": user, "item_id": item, "words": ['ok, "fine"', "it's"]} for user, item, _ in PAIRS]
LINES = "".join(json.dumps(one, ensure_ascii=False) + "\n" for one in OBJECTS)


def read(folder, content, name="x", **changes):
    (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    return reader("table", **{"interactions": {"all": name}, **changes})(folder)


def said(folder, content, name="x", **changes):
    start = time.process_time()
    with pytest.raises(UserError) as caught:
        read(folder, content, name, **changes)
    assert time.process_time() - start < 20  # seconds of this process alone: the machine may be busy
    assert len(str(caught.value)) < 700
    return str(caught.value)


@pytest.mark.parametrize("name", ["x.json", "x.json.gz", "x.csv", "x", "x.jsonl", "reviews.txt"])
@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize(
    ("text", "form"),
    [
        (LINES, "JSON Lines"),
        ("\ufeff" + LINES, "JSON Lines"),
        (LINES.replace("\n", "\r\n"), "JSON Lines"),
        (json.dumps(OBJECTS), "JSON array"),
        (json.dumps(OBJECTS, indent=2), "JSON array"),
        ("\n".join(json.dumps(one, indent=1) for one in OBJECTS), "JSON array"),
        ("".join(f"{one!r}\n" for one in OBJECTS), "lines of Python literals"),
    ],
)
def test_json_by_content(tmp_path, name, packed, text, form):
    content = gzip.compress(text.encode(), mtime=0) if packed else text.encode()
    raw = read(tmp_path, content, name)
    assert rows(raw) == PAIRS
    about = raw.notes["interactions"][0]
    assert about["format"] == form
    assert about["rows"] == 3


def test_delimited_and_parquet_by_content(tmp_path):
    members = gzip.compress(TEXT[:20].encode(), mtime=0) + gzip.compress(TEXT[20:].encode())
    for name in ("x.csv", "x.csv.gz", "x", "x.json5"):
        assert rows(read(tmp_path, TEXT, name)) == rows(read(tmp_path, members, name)) == PAIRS
    raw = read(tmp_path, TEXT, "x.csv.gz")
    assert raw.notes["interactions"][0]["name"] == "ends in .gz, but the file is not packed by gzip"
    pl.DataFrame({"user_id": ["a", "b", "é"], "item_id": [1, 2, 1]}).write_parquet(tmp_path / "x.csv")
    assert rows(reader("table", interactions={"all": "x.csv"})(tmp_path)) == PAIRS


def test_json_in_shop_and_users(tmp_path):
    (tmp_path / "products.csv").write_text('{"product_id": 1, "title": "Lamp", "description": null}\n')
    (tmp_path / "user_behavior.csv").write_text("user_id,product_id,timestamp,click,purchase\nu,1,5,1,0\n")
    raw = reader("shop", item_numbers={})(tmp_path)
    assert raw.item_fields["title"].to_list() == ["Lamp"]
    (tmp_path / "All_Beauty.json.gz").write_text(
        "{'reviewerID': 'A', 'asin': 'B', 'overall': 5.0, 'unixReviewTime': 1500000000}\n"
    )
    raw = reader("amazon2018", reviews="All_Beauty.json.gz", metadata=None)(tmp_path)
    assert rows(raw) == [("A", "B", "all")]


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


def test_cp1252_is_not_read_as_latin1(tmp_path):
    content = "user_id,item_id\na,café\nb,\u201cquoted\u201d\n".encode("cp1252")
    message = said(tmp_path, content, encoding="latin-1")
    assert "x, line 3: a control character in latin-1. It looks like cp1252; set data.reader.encoding=cp1252" in message
    assert read(tmp_path, content, encoding="cp1252").item_ids.to_list() == ["café", "\u201cquoted\u201d"]


def test_a_long_value_and_infinity_are_read(tmp_path):
    long = "1" * 30_000_000
    assert read(tmp_path, f"user_id,item_id\na,{long}\n").item_ids.to_list() == [long]
    assert read(tmp_path, f'user_id,item_id,x\na,"1",5" {long}\n').item_ids.to_list() == ["1"]
    text = '{"user_id": "a", "item_id": 1, "x": Infinity, "y": {"z": [NaN]}}\n'
    assert rows(read(tmp_path, text)) == [("a", "1", "all")]
    assert "line 1, column 'x': 'inf' is not a number" in said(tmp_path, text, rating="x")


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize(
    ("encoding", "mark", "given", "stated"),
    [
        ("utf-8", b"", None, "UTF-8 (every byte fits)"),
        ("utf-8", codecs.BOM_UTF8, None, "UTF-8 (byte order mark)"),
        ("utf-16-le", codecs.BOM_UTF16_LE, None, "UTF-16 (byte order mark)"),
        ("utf-16-be", codecs.BOM_UTF16_BE, None, "UTF-16 (byte order mark)"),
        ("utf-32-le", codecs.BOM_UTF32_LE, None, "UTF-32 (byte order mark)"),
        ("utf-16-le", b"", "utf-16-le", "utf-16-le (given)"),
        ("latin-1", b"", "latin-1", "latin-1 (given)"),
        ("cp1252", b"", "cp1252", "cp1252 (given)"),
        ("shift-jis", b"", "shift-jis", "shift-jis (given)"),
    ],
)
def test_encodings_and_line_ends(tmp_path, end, encoding, mark, given, stated):
    letter = "é" if encoding != "shift-jis" else "日"
    text = TEXT.replace("\n", end).replace("é", letter)
    content = mark + text.encode(encoding)
    for form in (content, gzip.compress(content, mtime=0)):
        raw = read(tmp_path, form, encoding=given)
        assert rows(raw) == [PAIRS[0], PAIRS[1], (letter, "1", "all")]
        assert raw.notes["interactions"][0]["encoding"] == stated


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


@pytest.mark.parametrize("piece", [3, 50, 1 << 24])
def test_pieces_of_text(tmp_path, piece):
    """No piece cuts a character, and objects that go over pieces are whole."""
    text = "日本é🙂\r\n" * 50
    (tmp_path / "x").write_bytes(text.encode("utf-16"))
    assert b"".join(TextSource(tmp_path / "x").pieces(piece)).decode() == text
    for content in (LINES * 20, json.dumps(OBJECTS * 20, indent=1)):
        (tmp_path / "x").write_text(content)
        file = table_file(tmp_path / "x")
        object.__setattr__(file, "piece", piece)
        schema = dict.fromkeys(["user_id", "words"], pl.String())
        got = pl.concat(file.pieces(schema, [pl.col("user_id"), pl.col("words")]))
        assert got["user_id"].to_list() == ["a", "b", "é"] * 20
        assert [json.loads(words) for words in got["words"]] == [OBJECTS[0]["words"]] * 60


def test_lightgcn_lines(tmp_path):
    (tmp_path / "test.txt").write_text("0 1\n")
    for content in ("0 1_0\n", "0 ١\n", "0,1,2\n"):
        (tmp_path / "train.txt").write_text(content, encoding="utf-8")
        with pytest.raises(UserError, match=r"train\.txt, line 1, field \d: .* is not a whole number"):
            reader("lightgcn_text")(tmp_path)
    (tmp_path / "train.txt").write_bytes(gzip.compress("0 0 2\r\n1 1\r\n".encode("utf-16"), mtime=0))
    assert len(reader("lightgcn_text")(tmp_path)) == 4
