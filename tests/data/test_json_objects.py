"""Objects of a JSON text one by one: of lines, of an array, of lines of Python literals; slow, exact about places."""

import gzip
import json

import pytest

from tests.data.formats_case import LINES, OBJECTS, PAIRS, read
from tests.data.readers import reader, rows


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
