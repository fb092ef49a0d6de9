"""The text of a file as UTF-8, piece by piece: unpacked where it is gzip, decoded from what it is encoded in."""

import codecs
import gzip
import json
import re

import polars as pl
import pytest

from ltgnn.data.formats import table_file
from ltgnn.data.text_source import TextSource
from tests.data.bad_input_case import HEADER, message, write
from tests.data.formats_case import LINES, OBJECTS, PAIRS, TEXT, read, said
from tests.data.readers import reader, rows


def test_no_file(tmp_path):
    assert f"No file {tmp_path / 'interactions.csv'}" in message(tmp_path)
    assert "No file" in message(tmp_path, interactions={"all": "x.parquet"})
    assert "No file" in message(tmp_path, interactions={"all": "x.jsonl"})
    assert "No file" in message(tmp_path, "lightgcn_text")


def test_truncated_gzip(tmp_path):
    packed = gzip.compress((HEADER + "".join(f"{n},{n},{n}\n" for n in range(20000))).encode())
    write(tmp_path, packed[: len(packed) // 2], "interactions.csv.gz")
    got = message(tmp_path, interactions={"all": "interactions.csv.gz"}, time="time")
    assert re.search(r"interactions\.csv\.gz, after line \d+: the compressed file is cut short", got)


def test_cp1252_is_not_read_as_latin1(tmp_path):
    content = "user_id,item_id\na,café\nb,\u201cquoted\u201d\n".encode("cp1252")
    message = said(tmp_path, content, encoding="latin-1")
    assert "x, line 3: a control character in latin-1. It looks like cp1252; set data.reader.encoding=cp1252" in message
    assert read(tmp_path, content, encoding="cp1252").item_ids.to_list() == ["café", "\u201cquoted\u201d"]


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


def test_bom_and_crlf(tmp_path):
    (tmp_path / "interactions.csv").write_bytes(b"\xef\xbb\xbfuser_id,item_id\r\na,1\r\nb,2\r\n")
    raw = reader("table")(tmp_path)
    assert rows(raw) == [("a", "1", "all"), ("b", "2", "all")]
