"""A shop's pair of files: products.csv and user_behavior.csv with clicks and purchases."""

import numpy as np

from tests.data.readers import reader, rows
from tests.data.sources_case import lines

PRODUCTS = (
    "product_id,title,description,price,rating",
    '1,"A lamp, with ""arms""","first line\nsecond",9.5,4.5',
    "2,Chair,,,3",
    ",nameless,,,",
)


def test_shop(tmp_path):
    (tmp_path / "products.csv").write_text(lines(*PRODUCTS))
    (tmp_path / "user_behavior.csv").write_text(
        lines(
            "user_id,product_id,timestamp,click,purchase",
            "u1,1,100,1,1",
            "u1,2,101,1,0",
            "u2,2,102,0,0",
            "u2,1,103,,2",
            "u2,,104,1,0",
            "u3,1,,1,0",
        )
    )
    raw = reader("shop")(tmp_path)
    assert rows(raw) == [("u1", "1", "all"), ("u1", "2", "all"), ("u2", "1", "all")]
    assert raw.weights.tolist() == [6, 1, 10]  # click 1, purchase 5
    assert raw.item_fields["title"].to_list() == ['A lamp, with "arms"', "Chair"]
    assert raw.item_fields["description"].to_list() == ["first line\nsecond", ""]
    np.testing.assert_array_equal(raw.item_numbers["price"], np.float32([9.5, np.nan]))
    notes = raw.notes
    assert notes["interactions"][0]["rows without a required value, dropped"] == 2
    assert notes["rows without an event, dropped"] == 1
    assert notes["items"]["without id"] == 1
    assert notes["event weights"] == {"click": 1.0, "purchase": 5.0}


def test_shop_with_dates(tmp_path):
    (tmp_path / "products.csv").write_text(lines("product_id;title;description;price;rating", "1;Lamp;;1;2"))
    (tmp_path / "user_behavior.csv").write_text(
        lines("user_id;product_id;timestamp;click;purchase", "u1;1;1970-01-02 00:00:01;1;0")
    )
    raw = reader("shop", time_format="%Y-%m-%d %H:%M:%S")(tmp_path)
    assert raw.times.tolist() == [86401]
    assert raw.notes["interactions"][0]["separator"] == "';' (found in the first line)"
