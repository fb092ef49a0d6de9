"""Relations and images of items: through reader, cleaning, export, comparison and the sha256 of the data."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import torch

from ltgnn.data.catalog import load
from ltgnn.data.cleaning import Cleaning
from ltgnn.data.difference import DatasetSide, difference
from ltgnn.data.export import write_processed
from ltgnn.data.raw import Raw
from ltgnn.data.sources.processed import Processed
from ltgnn.types import Damaged, Dataset, Relation, UserError

BRANDS = ("acme", "bolt", "nobody")
EDGES = {("a", "acme"), ("b", "bolt"), ("c", "acme"), ("d", "bolt"), ("e", "acme")}
NEXT = {("a", "b"), ("b", "c"), ("d", "a"), ("e", "a")}
ITEMS = ("a", "b", "c", "d", "e")


def relation(edges: set[tuple[str, str]], others: tuple[str, ...], kind: str, ids: tuple[str, ...] = ()) -> Relation:
    rows = torch.tensor([(ITEMS.index(item), others.index(other)) for item, other in sorted(edges)])
    return Relation(rows[:, 0], rows[:, 1], len(others), kind, ids)


def raw(**changes: object) -> Raw:
    """Items b and e have no interaction."""
    pairs = np.array([(user, item) for user in range(3) for item in (0, 2, 3)], dtype=np.int32)
    found = Raw(
        pairs[:, 0].copy(),
        pairs[:, 1].copy(),
        pl.Series(["u", "v", "w"]),
        pl.Series(ITEMS),
        relations={"brand": relation(EDGES, BRANDS, "brand", BRANDS), "then": relation(NEXT, ITEMS, "item")},
        images={item: Path(f"{item}.jpg") for item in "abd"},
    )
    return replace(found, **changes)  # type: ignore[arg-type]


def dataset(keep: bool = False, **changes: object) -> Dataset:
    return load(lambda: Path(), lambda folder: raw(**changes), Cleaning(None, None, None, 1, 1, False, keep), "shop")


def in_words(data: Dataset, name: str) -> set[tuple[str, str]]:
    """The edges of a relation by raw ids."""
    one = data.relations[name]
    ids = data.item_ids if one.kind == "item" else one.other_ids
    return {(data.item_ids[i], ids[o]) for i, o in zip(one.items.tolist(), one.others.tolist(), strict=True)}


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


def test_a_data_set_is_written_with_them_and_read_again(tmp_path: Path) -> None:
    before = dataset()
    write_processed(tmp_path / "shop", before, before.parts, {})
    cleaning = Cleaning(None, None, None, 1, 1, True, True)
    after = load(lambda: tmp_path / "shop", Processed(), cleaning, "shop")
    for name in ("brand", "then"):
        assert in_words(after, name) == in_words(before, name)
        assert after.relations[name].num_others == before.relations[name].num_others
    (tmp_path / "shop" / "relations.json").write_text('{"brand": 1}')
    with pytest.raises(Damaged, match=r"relations.json is damaged"):
        Processed()(tmp_path / "shop")


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
