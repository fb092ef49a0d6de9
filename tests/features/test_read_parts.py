"""What features read of the items, kind by kind."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import torch

from ltgnn.features.dataset_vectors import DatasetVectors
from ltgnn.features.item_features import FeatureSource, ItemNumbers, ItemText, JoinedFeatures, NoFeatures
from ltgnn.features.read_parts import join_fields, read_parts
from ltgnn.features.store import FeatureStore
from ltgnn.features.tfidf import TfidfSvd
from ltgnn.features.transform import Keep
from ltgnn.testing import toy
from ltgnn.types import Dataset


class Brands(FeatureSource):
    """A source of a user's own that reads two fields, of which the data have one."""

    fields = ("brand", "colour")


def dataset() -> Dataset:
    found = toy.dataset(5)
    vectors = {"given": torch.rand(found.num_items, 3)}
    return replace(found, item_fields={**found.item_fields, "brand": ["b"] * found.num_items}, item_vectors=vectors)


def test_each_kind_is_named_down_to_parts_of_parts(tmp_path: Path) -> None:
    store, data = FeatureStore(tmp_path), dataset()
    text = ItemText(TfidfSvd(4, 1, 1, None, 0), "{title}", store, Keep(), Keep())
    numbers, vectors = ItemNumbers(None, store, Keep(), Keep()), DatasetVectors(["given"], Keep(), Keep())
    inner = JoinedFeatures({"brands": Brands(), "numbers": numbers})
    found = {part.name: part for part in read_parts(JoinedFeatures({"a": text, "b": inner, "c": vectors}), data)}
    assert list(found) == ["a", "b.brands", "b.numbers", "c"]
    assert (found["a"].fields, found["a"].texts, found["a"].shared) == (
        ["title"],
        list(data.item_fields["title"]),
        False,
    )
    assert (found["b.brands"].fields, found["b.brands"].texts) == (["brand"], ["b"] * data.num_items)
    assert found["b.brands"].shared
    assert found["b.numbers"].texts is None
    assert found["c"].vectors is not None
    assert torch.equal(found["c"].vectors, data.item_vectors["given"])
    (alone,) = read_parts(text, data)
    assert alone == found["a"]._replace(name="")
    (none,) = read_parts(NoFeatures(), data)
    assert none == ("", [], None, True, None)


def test_fields_are_joined_item_by_item() -> None:
    data = replace(dataset(), item_fields={"a": ["1", "2"], "b": ["x", ""]})
    assert join_fields(data, ["a", "b"]) == ["1\nx", "2\n"]
    assert join_fields(data, []) is None
