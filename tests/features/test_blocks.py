"""Kinds of features side by side keep their names, their columns, and which items have them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from ltgnn.features.blocks import as_block, extend, join_blocks
from ltgnn.features.controls import Random, Shuffled
from ltgnn.features.dataset_vectors import DatasetVectors
from ltgnn.features.item_categories import ItemCategories
from ltgnn.features.item_features import ItemNumbers, ItemText, JoinedFeatures
from ltgnn.features.store import FeatureStore
from ltgnn.features.tfidf import TfidfSvd
from ltgnn.features.transform import Centre, Keep, Principal, Step
from ltgnn.testing import toy
from ltgnn.types import Dataset, Features

COUNTS = toy.interactions().item_counts
NO_TEXT, NO_PRICE, NO_CATEGORY, NO_VECTOR = 2, 4, 6, 8


def shop() -> Dataset:
    """The toy data set, an item without each kind."""
    data = toy.dataset()
    titles, categories = list(data.item_fields["title"]), list(data.item_fields["category"])
    titles[NO_TEXT] = categories[NO_CATEGORY] = ""
    price, image = data.item_numbers["price"].clone(), data.item_vectors["image"].clone()
    price[NO_PRICE] = torch.nan
    image[NO_VECTOR] = 0
    fields = {"title": titles, "category": categories}
    return replace(data, item_fields=fields, item_numbers={"price": price}, item_vectors={"image": image})


def parts(folder: Path, control: Step, transform: Step) -> dict[str, ItemText | ItemNumbers | ItemCategories]:
    text = TfidfSvd(dim=4, ngrams=1, min_df=2, max_words=None, seed=0)
    return {
        "words": ItemText(text, "{title}", FeatureStore(folder), control, transform),
        "price": ItemNumbers(None, FeatureStore(folder), control, transform),
        "genre": ItemCategories(["category"], None, 10, 4, control, transform),
        "picture": DatasetVectors(None, control, transform),
    }


@pytest.mark.parametrize("transform", [Keep(), Centre(), Principal(1, whiten=False)])
@pytest.mark.parametrize("control", [Keep(), Shuffled(0), Random(0)])
def test_each_block_is_what_its_part_gives_alone(tmp_path: Path, control: Step, transform: Step) -> None:
    made = parts(tmp_path, control, transform)
    features = JoinedFeatures(made)(shop(), COUNTS)
    assert features is not None
    assert list(features.blocks) == list(made)
    for name, part in made.items():
        alone = part(shop(), COUNTS)
        assert alone is not None
        columns, known = features.blocks[name]
        assert torch.equal(features.values[:, columns], alone.values)
        (block,) = alone.blocks.values()
        assert torch.equal(known, block.known)
        assert features.card["known"][name] == int(known.sum()) == 15


def test_items_without_a_kind_are_marked(tmp_path: Path) -> None:
    """A control that gives the features of one item to another gives their lack along with them."""
    lacks = {"words": NO_TEXT, "price": NO_PRICE, "genre": NO_CATEGORY, "picture": NO_VECTOR}
    plain = JoinedFeatures(parts(tmp_path, Keep(), Keep()))(shop(), COUNTS)
    shuffled = JoinedFeatures(parts(tmp_path, Shuffled(0), Keep()))(shop(), COUNTS)
    assert plain is not None
    assert shuffled is not None
    for name, item in lacks.items():
        columns, known = plain.blocks[name]
        assert torch.nonzero(~known).flatten().tolist() == [item]
        (without,) = torch.nonzero(~shuffled.blocks[name].known).flatten().tolist()
        assert torch.equal(shuffled.values[without, columns], plain.values[item, columns])
        assert (without == item) == (name == "genre"), "categories are moved among the items that have some"


def test_a_part_with_several_blocks_names_them() -> None:
    inner = as_block(Features(torch.ones(3, 2), {}), "text", torch.tensor([True, False, True]))
    both = inner._replace(values=torch.ones(3, 5), blocks=join_blocks({"a": inner, "b": Features(torch.eye(3), {})}))
    unsaid = Features(torch.tensor([[0.0], [1.0], [2.0]]), {})
    blocks = join_blocks({"first": inner, "pair": both, "own": unsaid})
    assert {name: block.columns for name, block in blocks.items()} == {
        "first": slice(0, 2),
        "pair.a": slice(2, 4),
        "pair.b": slice(4, 7),
        "own": slice(7, 8),
    }
    assert blocks["pair.a"].known.tolist() == [True, False, True]
    assert blocks["own"].known.tolist() == [False, True, True]


def test_further_items_have_the_blocks_that_are_not_zero() -> None:
    parts = {"a": Features(torch.ones(2, 2), {}), "b": Features(torch.zeros(2, 1), {})}
    features = Features(torch.ones(2, 3), {"key": "k"}, join_blocks(parts))
    longer = extend(features, torch.tensor([[0.0, 1.0, 0.0], [0.0, 0.0, 3.0]]))
    assert longer.values.shape == (4, 3)
    assert longer.card == {"key": "k"}
    assert longer.blocks["a"].known.tolist() == [True, True, True, False]
    assert longer.blocks["b"].known.tolist() == [False, False, False, True]


def test_the_text_of_joined_parts_that_are_joined_again(tmp_path: Path) -> None:
    made = parts(tmp_path, Keep(), Keep())
    inner = JoinedFeatures({"price": made["price"], "words": made["words"]})
    outer = JoinedFeatures({"genre": made["genre"], "inner": inner})
    features = outer(shop(), COUNTS)
    assert features is not None
    assert outer.item_text is made["words"]
    assert outer.text_columns(features) == features.blocks["inner.words"].columns
