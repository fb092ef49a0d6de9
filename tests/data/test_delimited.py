"""Delimited text files (CSV, TSV, ``::``, gzip or not) as table files."""

import random
import re

import pytest

from ltgnn.data.columns import Column, Kind
from ltgnn.data.delimited import Delimited
from ltgnn.types import UserError
from tests.data.quotes_case import HEAD, said
from tests.data.read_any_table_case import by_csv, made, write_table
from tests.data.readers import reader, rows

BOOKS = (
    '"ISBN";"Title"\r\n"0X";"Café"\r\n"1X";"Say \\"Hi\\" twice"\r\n"2X";"A; B"\r\n"3X";"O\\"Neil"\r\n"4X";"C:\\"\r\n'
)


def test_semicolons_latin1_backslashes(tmp_path):
    (tmp_path / "ratings.csv").write_bytes('"User";"ISBN"\r\n"7";"1X"\r\n"8";"3X"\r\n'.encode("latin-1"))
    (tmp_path / "books.csv").write_bytes(BOOKS.replace('"4X";"C:\\"\r\n', "").encode("latin-1"))
    given = {"interactions": {"all": "ratings.csv"}, "items": "books.csv", "user": "User", "item": "ISBN"}
    given |= {"item_key": "ISBN", "item_fields": {"title": "Title"}}
    message = said(tmp_path, **given)
    assert "books.csv, line 2: not UTF-8" in message
    assert "data.reader.encoding=cp1252" in message
    message = said(tmp_path, **given, encoding="latin-1")
    assert 'books.csv, line 3: inside of a value, " follows a backslash' in message
    assert "data.reader.escape=\\\\" in message
    raw = reader("table", **given, encoding="latin-1", escape="\\")(tmp_path)
    assert raw.item_fields["title"].to_list() == ["Café", 'Say "Hi" twice', "A; B", 'O"Neil']
    assert raw.notes["items"]["encoding"] == "latin-1 (given)"
    assert raw.notes["items"]["separator"] == "';' (found in the first line)"
    (tmp_path / "books.csv").write_text('"ISBN";"Title"\n"1X";"C:\\"\n"3X";"D:\\"\n')  # no escapes: the values end so
    raw = reader("table", **given)(tmp_path)
    assert raw.item_fields["title"].to_list() == ["C:\\", "D:\\"]


@pytest.mark.parametrize("sign", ["", ",,", "é é", "\n"])
def test_signs_that_cannot_be_one(tmp_path, sign):
    (tmp_path / "interactions.csv").write_text(HEAD)
    assert "data.reader.quote" in said(tmp_path, quote=sign)
    if sign != ",,":
        assert "data.reader.separator" in said(tmp_path, separator=sign)


@pytest.mark.parametrize("separator", ["¦", "；", "::", "\\t", "\t"])
def test_separators_of_several_bytes(tmp_path, separator):
    sign = "\t" if separator == "\\t" else separator
    (tmp_path / "interactions.csv").write_text(f'user_id{sign}item_id\na{sign}"1{sign}2"\n', encoding="utf-8")
    assert rows(reader("table", separator=separator)(tmp_path)) == [("a", f"1{sign}2", "all")]


def read(file, names):
    columns = {name: Column(name, Kind.TEXT, required=False) for name in names}
    return [list(row) for row in file.read(columns).frame.fill_null("").iter_rows()]


def attempt(file, names):
    """The rows, or the message of the refusal."""
    try:
        return read(file, names), ""
    except UserError as mistake:
        return [], str(mistake)


@pytest.mark.parametrize("piece", [7, 64, 1 << 24])
def test_rows_of_the_csv_module_or_a_refusal(tmp_path, piece):
    random_ = random.Random(piece)
    read_whole = refused = 0
    for number in range(700):
        text, separator, names, encoding, written = made(random_)
        path = tmp_path / "table.csv"
        text = write_table(path, text, encoding)
        given = encoding if encoding in ("utf-16-le", "cp1252") else None
        got, said = attempt(Delimited(path, separator, '"', encoding=given, piece=piece), names)
        if said:
            assert re.search(r"table\.csv, line \d+", said), (number, text, said)
            assert not written or "each of them is a row, too" in said, (number, text, said)
            refused += 1
            continue
        wanted = [by_csv(text, separator)]
        if separator == "\t":  # no value closed: quotes are ordinary characters
            wanted.append(by_csv(text, separator, None))
        assert got in wanted, (number, text, separator, encoding)
        assert all(len(row) == len(names) for row in got)
        read_whole += 1
    assert read_whole > 200
    assert refused > 100


def test_quotes_switched_off(tmp_path):
    random_ = random.Random(3)
    for number in range(300):
        text, separator, names, *_ = made(random_)
        path = tmp_path / "table.csv"
        write_table(path, text, "utf-8")
        if text.startswith('"'):  # names in quotes
            continue
        rows = by_csv(text, separator, None)
        got, said = attempt(Delimited(path, separator, None, piece=16), names)
        if said:
            assert any(len(row) != len(names) for row in rows), (number, text, said)
            continue
        assert got == rows, (number, text, separator)


@pytest.mark.parametrize("piece", [1 << 10, 1 << 14])
@pytest.mark.parametrize("kind", ["plain", "inches", "quoted", "mixed", "lines"])
def test_many_pieces(tmp_path, kind, piece):
    """Thousands of rows over many pieces, of each way in which quotes can stand."""
    random_ = random.Random(piece)
    titles = {
        "plain": ["Lamp", "", "Écharpe"],
        "inches": ['TV 32" black', 'Screen 4"', "Lamp"],
        "quoted": ['"a ""b"" c"', '"x, y"', "z", '""'],
        "mixed": ['"a, b"', 'TV 32" black', '"Heroes" and', "z"],
        "lines": ['"two\nlines"', '"three\n\n""lines"", each\n"', "one", '"r\r\nn"'],
    }[kind]
    text = "u,i,title\n" + "".join(f"{n},i{n % 77},{random_.choice(titles)}\n" for n in range(5000))
    path = tmp_path / "table.csv"
    path.write_bytes(text.encode())
    rows = by_csv(text, ",")
    assert read(Delimited(path, None, '"', piece=piece), ["u", "i", "title"]) == rows
    assert len(rows) == 5000
    assert [row[0] for row in read(Delimited(path, None, '"', piece=piece), ["u"])] == [row[0] for row in rows]
