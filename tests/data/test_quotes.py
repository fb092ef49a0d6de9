"""Quotes and fields in every reader: no row is lost, cut or joined to another without a word."""

import pytest

from ltgnn.types import UserError
from tests.data.readers import reader, rows

HEAD = "user_id,item_id,time,query\n"


def events(end, count=400, marked=10):
    """Rows of which the last ones have an inch sign in their query."""
    signs = ['13" laptop sleeve' if n >= count - marked else "sleeve" for n in range(count)]
    return HEAD + "".join(f"u{n % 40},i{n % 60},{n},{sign}{end}" for n, sign in enumerate(signs))


def said(folder, data="table", **changes):
    with pytest.raises(UserError) as caught:
        reader(data, **changes)(folder)
    return str(caught.value)


@pytest.mark.parametrize("marked", [1, 2, 3, 10, 399])
@pytest.mark.parametrize("query", ["last", "second"])
def test_inch_signs_in_columns_that_are_read_or_not(tmp_path, marked, query):
    text = events("\n", marked=marked)
    if query == "second":
        lines = [line.split(",") for line in text.splitlines()]
        text = "".join(",".join([user, words, item, time]) + "\n" for user, item, time, words in lines)
    (tmp_path / "interactions.csv").write_text(text)
    (tmp_path / "items.csv").write_text("item_id,name\n" + "".join(f'i{n},Screen {n}"\n' for n in range(60)))
    raw = reader("table", time="time", items="items.csv", item_fields={"title": "name"})(tmp_path)
    assert len(raw) == 400
    assert len(raw.user_ids) == 40
    assert raw.times.tolist() == list(range(400))
    assert raw.item_fields["title"].to_list() == [f'Screen {n}"' for n in range(60)]
    assert raw.notes["interactions"][0]["rows"] == 400


READERS = {  # reader -> file, header, row with a field too many, row with one too few, other files
    "table": ("interactions.csv", "user_id,item_id\n", "u,i\n", ",", {}),
    "shop": (
        "user_behavior.csv",
        "user_id,product_id,timestamp,click,purchase\n",
        "u,1,5,1,0\n",
        ",",
        {"products.csv": "product_id,title,description,price,rating\n1,a,b,1,1\n"},
    ),
    "recbole": ("recbole.inter", "user_id:token\titem_id:token\tx:float\n", "u\ti\t1\n", "\t", {}),
    "mmrec": ("mmrec.inter", "userID\titemID\tx_label\n", "1\t2\t0\n", "\t", {}),
    "movielens_latest": (
        "ratings.csv",
        "userId,movieId,rating,timestamp\n",
        "1,1,5,9\n",
        ",",
        {"movies.csv": "movieId,title,genres\n1,a,b\n"},
    ),
    "movielens_100k": ("u.data", "", "1\t1\t5\t9\n", "\t", {"u.item": "1" + "|" * 23 + "\n"}),
    "ml1m": ("ratings.dat", "", "1::1::5::9\n", "::", {"movies.dat": "1::a::b\n"}),
}


@pytest.mark.parametrize("name", READERS)
@pytest.mark.parametrize("change", ["many", "few", "separators"])
def test_a_row_with_other_fields_than_the_header(tmp_path, name, change):
    file, header, row, separator, others = READERS[name]
    for other, text in others.items():
        (tmp_path / other).write_text(text)
    changes = {"mmrec": {"vectors": {}}, "recbole": {"interactions": {"all": file}}}.get(name, {})
    (tmp_path / file).write_text(header + row * 300)
    assert len(reader(name, **changes)(tmp_path)) == 300
    fields = row.strip("\n").split(separator)
    wrong = {"many": [*fields, "6"], "few": fields[:-1], "separators": [""] * len(fields)}[change]
    (tmp_path / file).write_text(header + row * 300 + separator.join(wrong) + "\n" + row * 3)
    if change == "separators" and name == "shop":  # dropped and counted
        assert reader(name)(tmp_path).notes["interactions"][0]["rows without a required value, dropped"] == 1
        return
    message = said(tmp_path, name, **changes)
    assert f"{file}, line {301 + bool(header)}" in message
    if change != "separators":
        assert f"{len(wrong)} field" in message


def test_too_many_fields_in_the_items(tmp_path):
    (tmp_path / "interactions.csv").write_text("user_id,item_id\nu,1\n")
    (tmp_path / "items.csv").write_text("item_id,title,price\n1,Shirt, blue,5\n")
    message = said(tmp_path, items="items.csv", item_fields={"title": "title"})
    assert "items.csv, line 2: 4 fields, but there are 3 columns" in message


def test_a_quotation_that_is_open(tmp_path):
    (tmp_path / "interactions.csv").write_text(HEAD + 'a,1,1,x\nb,2,2,"open\n' + "c,3,3,y\n" * 500)
    message = said(tmp_path)
    assert 'interactions.csv, line 3: a value begins with " and is not closed' in message
    assert "data.reader.quote=null" in message
    assert len(reader("table", quote=None)(tmp_path)) == 502
    (tmp_path / "interactions.csv").write_text(HEAD + 'a,1,1,x\nb,2,2,"open\nc,3,3,"closed" here\n')
    message = said(tmp_path)
    assert 'line 3: a value begins with ", which is not closed in its line but in the middle of a later one' in message


def test_titles_that_begin_with_a_quote(tmp_path):
    titles = ["Plain", '"Heroes" and friends', 'TV 32" black', '"Half open', "Lamp", '"Second half open']
    (tmp_path / "interactions.csv").write_text("user_id\titem_id\n0\t1\n")
    (tmp_path / "items.tsv").write_text("item_id\ttitle\n" + "".join(f"{n}\t{t}\n" for n, t in enumerate(titles)))
    raw = reader("table", items="items.tsv", item_fields={"title": "title"})(tmp_path)
    assert raw.item_fields["title"].to_list() == titles
    assert raw.notes["items"]["quotes"] == "ordinary characters (no value is closed)"
    (tmp_path / "items.tsv").write_text(
        'item_id\ttitle\n0\t"a ""b"""\n1\t"two\nlines"\n2\t"one\ttab"\n'
    )  # a spreadsheet
    raw = reader("table", items="items.tsv", item_fields={"title": "title"}, keep_unknown=True)(tmp_path)
    assert raw.item_fields["title"].to_list() == ['a "b"', "two\nlines", "one\ttab"]
    (tmp_path / "items.tsv").write_text('item_id\ttitle\n0\t"a"\n1\t"Half open\n2\tx\n3\t"b" c\n')
    message = said(tmp_path, items="items.tsv", item_fields={"title": "title"})
    assert "items.tsv, line 3" in message
    assert "data.reader.quote=null" in message
    (tmp_path / "items.tsv").write_text('item_id\ttitle\n0\ta\n1\t"Half open\n2\tTV 32"\n3\tb\n')
    message = said(tmp_path, items="items.tsv", item_fields={"title": "title"})
    assert 'items.tsv, line 3: a value begins with " and is closed in a later line' in message


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


def test_separator_of_recbole_files(tmp_path):
    (tmp_path / "recbole.inter").write_text("user_id:token,item_id:token\nu,i\n")
    message = said(tmp_path, "recbole", interactions={"all": "recbole.inter"})
    assert "Is '\\t' the separator? Set \"data.reader.separator=','\"" in message
    assert rows(reader("recbole", interactions={"all": "recbole.inter"}, separator=",")(tmp_path)) == [
        ("u", "i", "all")
    ]


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
