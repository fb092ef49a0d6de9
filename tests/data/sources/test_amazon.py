"""Amazon Reviews 2018 and 2023: JSON Lines (or Python literals) of reviews and of product metadata."""

import gzip
import json

import numpy as np

from tests.data.readers import reader, rows


def jsonl(path, *objects):
    text = "".join(json.dumps(fields) + "\n" for fields in objects)
    path.write_bytes(gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode())


def test_amazon_2018(tmp_path):
    jsonl(
        tmp_path / "All_Beauty.json.gz",
        {"reviewerID": "A1", "asin": "B2", "overall": 5.0, "unixReviewTime": 1500000000, "reviewText": "x\ny"},
        {"reviewerID": "A2", "asin": "B9", "overall": 1.0, "unixReviewTime": 1500000001},
    )
    jsonl(
        tmp_path / "meta_All_Beauty.json.gz",
        {
            "asin": "B1",
            "title": "Soap &amp; Water",
            "category": ["Beauty", "Soap"],
            "price": "$1,299.00",
            "description": [],
        },
        {
            "asin": "B2",
            "title": "Comb",
            "category": [],
            "price": "$1 - $2",
            "description": ["a  b", "c"],
            "brand": None,
        },
        {"asin": "B2", "title": "Comb again"},
    )
    raw = reader(
        "amazon2018",
        reviews="All_Beauty.json.gz",
        metadata="meta_All_Beauty.json.gz",
    )(tmp_path)
    assert rows(raw) == [("A1", "B2", "all"), ("A2", "B9", "all")]
    assert raw.item_ids.to_list() == ["B1", "B2", "B9"]
    assert raw.item_fields["title"].to_list() == ["Soap & Water", "Comb", ""]
    assert raw.item_fields["categories"].to_list() == ["Beauty > Soap", "", ""]
    assert raw.item_fields["description"].to_list() == ["", "a b > c", ""]
    np.testing.assert_array_equal(raw.item_numbers["price"], np.float32([1299, np.nan, np.nan]))
    assert raw.notes["items"]["repeated ids"] == 1
    assert raw.notes["items"]["items without a row, kept"] == 1


def test_amazon_2023(tmp_path):
    jsonl(
        tmp_path / "reviews.jsonl.gz",
        {"user_id": "U", "parent_asin": "B1", "rating": 4.0, "timestamp": 1600000000500, "title": "great"},
    )
    jsonl(
        tmp_path / "metadata.jsonl.gz",
        {"parent_asin": "B1", "title": "Pen", "categories": ["Office", "Pens"], "price": 2.5, "features": ["blue"]},
    )
    raw = reader("amazon2023")(tmp_path)
    assert raw.times.tolist() == [1600000000.5]
    assert raw.item_fields["categories"].to_list() == ["Office > Pens"]
    assert raw.item_numbers["price"].tolist() == [2.5]
    assert raw.item_fields["store"].to_list() == [""]
