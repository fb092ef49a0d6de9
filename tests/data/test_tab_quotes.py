"""Whether quotes enclose values in a tab-separated text: spreadsheets write them so, most other tools do not."""

from tests.data.quotes_case import said
from tests.data.readers import reader


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
