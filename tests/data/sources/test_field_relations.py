"""Relations from fields of the items table."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from ltgnn.types import UserError
from tests.data.related_source_case import dataset, in_words, raw, source

READ = partial(
    raw,
    brand=["acme", " acme", "", "bolt"],
    genres=["war, love", "love", "", "love, love"],
    path=["Home > Lamps > Desk", "Garden > Lamps", "", "Home"],
)


def reader(folder: Path) -> object:
    return READ(folder)


def test_fields_lists_and_paths(tmp_path: Path) -> None:
    given = source(
        "fields", fields={"brand": "brand"}, lists={"genre": ["genres", ","]}, paths={"place": ["path", " > "]}
    )
    data = dataset(tmp_path, reader=reader, fields=given)
    assert in_words(data) == {
        "brand": {("1", "acme"), ("2", "acme"), ("4", "bolt")},
        "genre": {("1", "war"), ("1", "love"), ("2", "love"), ("4", "love")},
        "place_1": {("1", "Home"), ("2", "Garden"), ("4", "Home")},
        "place_2": {("1", "Home > Lamps"), ("2", "Garden > Lamps")},
        "place_3": {("1", "Home > Lamps > Desk")},
    }
    assert {one.kind for one in data.relations.values()} == {"brand", "genre", "place"}
    assert data.card["source"]["relations"]["fields"]["items without a text"] == {"brand": 1, "genres": 1, "path": 1}
    assert data.card["left out"] == {}


def test_items_that_are_dropped_take_their_edges_along(tmp_path: Path) -> None:
    data = dataset(tmp_path, keep=False, reader=reader, fields=source("fields", fields={"brand": "brand"}))
    assert in_words(data) == {"brand": {("1", "acme"), ("2", "acme")}}


def test_what_is_wrong_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"data.relations.fields.fields.b=maker: the reader has no such field .* brand"):
        dataset(tmp_path, reader=reader, fields=source("fields", fields={"b": "maker"}))
    with pytest.raises(UserError, match=r"fields.paths.place=\['path'\]: a field and the separator"):
        dataset(tmp_path, reader=reader, fields=source("fields", paths={"place": ["path"]}))
    with pytest.raises(UserError, match=r"two relations are called 'a'"):
        dataset(tmp_path, reader=reader, fields=source("fields", fields={"a": "brand"}, lists={"a": ["genres", ","]}))
