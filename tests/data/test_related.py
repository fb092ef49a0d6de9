"""Relations and images of items: through reader, cleaning, export, comparison and the sha256 of the data."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from ltgnn.data.difference import DatasetSide, difference
from ltgnn.types import Relation, UserError
from tests.data.related_case import EDGES, NEXT, dataset, in_words, raw


def test_they_keep_their_items_when_others_are_dropped() -> None:
    whole, cut = dataset(keep=True), dataset()
    assert in_words(whole, "brand") == EDGES
    assert in_words(whole, "then") == NEXT
    assert list(cut.item_ids) == ["a", "c", "d"]
    assert in_words(cut, "brand") == {("a", "acme"), ("c", "acme"), ("d", "bolt")}
    assert in_words(cut, "then") == {("d", "a")}
    assert (cut.relations["brand"].num_others, cut.relations["then"].num_others) == (3, 3)
    assert cut.images == {"a": Path("a.jpg"), "d": Path("d.jpg")}
    assert cut.card["relations"] == {
        "brand": "3 edges of 3 items to 3 of brand",
        "then": "1 edge of 1 item to 3 of item",
    }


def test_the_data_of_a_run_depend_on_them() -> None:
    """The order of the edges does not count; without any, the sha256 is what it was before there were relations."""
    one = raw().relations["brand"]
    back = replace(one, items=one.items.flip(0), others=one.others.flip(0))
    moved = replace(one, others=(one.others + 1) % 3)
    then = raw().relations["then"]
    digests = [
        dataset(relations=given, images={}).card["sha256"]
        for given in ({"brand": one, "then": then}, {"then": then, "brand": back}, {"brand": moved, "then": then}, {})
    ]
    assert digests[0] == digests[1]
    assert len(set(digests)) == 3


def test_two_data_sets_differ_in_them() -> None:
    def side(name: str, **changes: object) -> DatasetSide:
        made = dataset(**changes)
        return DatasetSide(name, made, made.parts)

    one = raw().relations
    moved = {"brand": replace(one["brand"], others=(one["brand"].others + 1) % 3)}
    assert difference(side("L"), side("R")) == []
    assert difference(side("L"), side("R", relations=moved)) == [
        "the relation 'brand' has other edges: 3 and 3",
        "the relation 'then' only in L",
    ]


def test_numbers_out_of_range_are_refused() -> None:
    edge = torch.tensor([0])
    with pytest.raises(UserError, match=r"relation to brand: numbers from 0 to 0 given, 0 to -1 wanted"):
        Relation(edge, edge, 0, "brand")
    with pytest.raises(UserError, match=r"items \[1\] and others \[2\] given"):
        Relation(edge, torch.tensor([0, 0]), 1, "brand")
    with pytest.raises(UserError, match=r"'brand' has items 7 to 7, but the data set has 5"):
        dataset(relations={"brand": Relation(edge + 7, edge, 1, "brand")})
    with pytest.raises(UserError, match=r"'b' counts 2 of 'brand', another one 1"):
        dataset(relations={"a": Relation(edge, edge, 1, "brand"), "b": Relation(edge, edge, 2, "brand")})
    with pytest.raises(UserError, match=r"'then' counts 4 of 'item', another one 5"):
        dataset(relations={"then": Relation(edge, edge, 4, "item")})
