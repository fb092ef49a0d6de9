"""Delimited text in blocks of complete records, each checked to have the fields of the header."""

import pytest

from tests.data.bad_input_case import HEADER, TITLES, message, write
from tests.data.quotes_case import HEAD, said
from tests.data.readers import reader, rows


def test_quotes_and_newlines_inside_titles(tmp_path):
    write(tmp_path, HEADER + "a,1,1\n")
    write(tmp_path, 'item_id,title\n1,"two\nlines, ""quoted"""\n2,plain\n', "items.csv")
    raw = reader("table", **TITLES)(tmp_path)
    assert raw.item_fields["title"].to_list() == ['two\nlines, "quoted"', "plain"]
    # lines are counted in the file, not in rows
    write(tmp_path, 'item_id,title,price\n1,"two\nlines",5\n2,plain,cheap\n', "items.csv")
    got = message(tmp_path, **TITLES, item_numbers={"price": "price"})
    assert "items.csv, line 4, column 'price': 'cheap' is not a number" in got


def test_unclosed_quote(tmp_path):
    write(tmp_path, HEADER + "a,1,1\n")
    write(tmp_path, 'item_id,title\n1,"open\n2,plain\n', "items.csv")
    assert "items.csv" in message(tmp_path, **TITLES)


def events(end, count=400, marked=10):
    """Rows of which the last ones have an inch sign in their query."""
    signs = ['13" laptop sleeve' if n >= count - marked else "sleeve" for n in range(count)]
    return HEAD + "".join(f"u{n % 40},i{n % 60},{n},{sign}{end}" for n, sign in enumerate(signs))


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


def test_blank_lines_and_blanks_around_ids(tmp_path):
    (tmp_path / "interactions.csv").write_text("user_id, item_id\n\na , 1\n\n a,2\n\n")
    assert rows(reader("table")(tmp_path)) == [("a", "1", "all"), ("a", "2", "all")]
