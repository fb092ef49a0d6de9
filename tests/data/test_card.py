"""Figures of a data set for its card: size, sparsity, long tail, time."""

import pytest

from ltgnn.data.card import table
from tests.data.catalog_case import dataset, real

# users, items, parts; share of the top 20 % items and of items below 10 interactions, as counted independently
COUNTS = {
    "amazon_beauty": (22363, 12101, {"all": 198502}, 0.581, 0.545),
    "complete_journey": (2461, 17148, {"all": 740763}, 0.570, 0.0),
    "amazon_games": (50546, 16859, {"all": 452989}, 0.638, 0.394),
    "gowalla": (29858, 40981, {"train": 719081, "val": 91047, "test": 217242}, 0.530, 0.0),
    "yelp2018": (31668, 38048, {"train": 1093508, "val": 143751, "test": 324147}, 0.582, 0.0),
    "lastfm_lightgcn": (1892, 4489, {"train": 42135, "test": 10533}, 0.610, 0.687),
    "lastfm_lightgcnpp": (1885, 17388, {"train": 64315, "val": 9143, "test": 18321}, 0.800, 0.913),
    "ml1m_ultragcn": (6022, 3043, {"train": 796244, "test": 99455}, 0.592, 0.0),
    "ml100k": (943, 1682, {"all": 100000}, 0.646, 0.315),
    "ml100k_split": (943, 1682, {"train": 80000, "test": 20000}, 0.646, 0.315),
    "ml_latest_small": (671, 9066, {"all": 100004}, 0.771, 0.752),
}


@real
@pytest.mark.parametrize("name", COUNTS)
def test_published_counts(name, folder):
    data = dataset(name, folder)
    users, items, parts, top, below10 = COUNTS[name]
    assert (data.num_users, data.num_items) == (users, items)
    assert {part: len(pairs) for part, pairs in data.parts.items()} == parts
    assert data.card["share of the top 20 % items"] == pytest.approx(top, abs=0.0005)
    assert data.card["share of items below 10"] == pytest.approx(below10, abs=0.0005)
    assert all(len(texts) == items for texts in data.item_fields.values())
    assert data.name in table(data.card)


def test_card(tmp_path):
    (tmp_path / "interactions.csv").write_text("user_id,item_id,t,r\na,1,0,5\na,2,86400,3\nb,1,172800,4\nb,1,1,4\n")
    data = dataset("table", tmp_path, f"data.files.path={tmp_path}", "data.reader.time=t", "data.reader.rating=r")
    card = data.card
    assert [step["interactions"] for step in card["cleaning"]] == [4, 3]
    assert (card["users"], card["items"], card["interactions"]) == (2, 2, 3)
    assert card["sparsity"] == pytest.approx(0.25)
    assert card["source"]["interactions"][0]["separator"] == "',' (found in the first line)"
    text = table(card)
    for part in ("repeated pairs: first kept", "sparsity", "0.2500", card["sha256"]):
        assert part in text
    again = dataset("table", tmp_path, f"data.files.path={tmp_path}", "data.reader.time=t", "data.cleaning.user_core=2")
    assert again.card["sha256"] != card["sha256"]
