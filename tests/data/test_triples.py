"""Triples as relations of the items, against a loop over them."""

from __future__ import annotations

import random

import polars as pl
import pytest

from ltgnn.data.triples import LEFT_OUT, choose_types, relate
from ltgnn.types import UserError

ITEMS = {"m.a": 0, "m.b": 1, "m.c": 2}
NUMBERS = pl.DataFrame({"id": list(ITEMS), "item": list(ITEMS.values())}, schema={"id": pl.String, "item": pl.UInt32})


def frame(triples: list[tuple[str, str, str]]) -> pl.DataFrame:
    return pl.DataFrame(triples, schema=["head", "relation", "tail"], orient="row")


@pytest.mark.parametrize("seed", range(5))
def test_against_a_loop(seed: int) -> None:
    draw = random.Random(seed)
    names = [*ITEMS, "x", "y", "z"]
    triples = list({(draw.choice(names), draw.choice("rs"), draw.choice(names)) for _ in range(40)})
    wanted: dict[str, set[tuple[int, str]]] = {}
    nobody = itself = turned = 0
    for head, relation, tail in triples:
        if head not in ITEMS and tail not in ITEMS:
            nobody += 1
        elif head == tail:
            itself += 1
        elif head in ITEMS and tail in ITEMS:
            wanted.setdefault(f"{relation}_items", set()).add((ITEMS[head], str(ITEMS[tail])))
        else:
            edge = (ITEMS[head], tail) if head in ITEMS else (ITEMS[tail], head)
            turned += edge in wanted.setdefault(relation, set())
            wanted[relation].add(edge)
    found = relate(frame(triples), NUMBERS, NUMBERS, 3, "entity")
    got = {
        name: {
            (i, one.other_ids[o] if one.other_ids else str(o))
            for i, o in zip(one.items.tolist(), one.others.tolist(), strict=True)
        }
        for name, one in found.relations.items()
    }
    assert got == wanted
    assert all(len(one) == len(got[name]) for name, one in found.relations.items())
    assert {one.kind for name, one in found.relations.items() if name.endswith("_items")} <= {"item"}
    sizes = {one.num_others for name, one in found.relations.items() if not name.endswith("_items")}
    assert sizes <= {len({other for name in "rs" for _, other in wanted.get(name, ())})}
    assert found.notes[LEFT_OUT] == {
        "triples without an item": nobody,
        "triples of an item with itself": itself,
        "triples whose turned-round form is there": turned,
    }


def test_types_are_chosen_and_named() -> None:
    triples = frame([("m.a", "film.genre", "x"), ("m.a", "film.actor", "y")])
    chosen = choose_types(triples, {"genre": "film.genre"}, "the file", "data.relations.kg")
    assert chosen.rows() == [("m.a", "genre", "x")]
    assert choose_types(triples, {}, "the file", "data.relations.kg") is triples
    with pytest.raises(UserError, match=r"data.relations.kg.types.a=b: the file has no such relation; it has: film.ac"):
        choose_types(triples, {"a": "b"}, "the file", "data.relations.kg")
