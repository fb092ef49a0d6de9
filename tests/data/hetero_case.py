"""What tests of data sets of torch-geometric share."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from ltgnn.types import ITEM, Dataset, Interactions, Relation

USERS, ITEMS = ["u1", "u2", "u9"], ["a", "b", "c", "cold"]


def pairs(users: list[int], items: list[int], first: float = 10.0, weights: bool = True) -> Interactions:
    times = first + torch.arange(len(users), dtype=torch.float64)
    strength = 1 + torch.arange(len(users), dtype=torch.float32) / 2
    ends = torch.tensor(users, dtype=torch.int32), torch.tensor(items, dtype=torch.int32)
    return Interactions(*ends, 3, 4, times, strength if weights else None)


ALL = {"all": pairs([0, 0, 1, 2], [0, 2, 1, 1])}

PARTS = {
    "train": pairs([0, 0, 1, 2], [0, 2, 1, 1]), "val": pairs([1], [0], 20.5), "test": pairs([0, 2], [1, 2], 30.0),
}  # fmt: skip


def dataset(parts: Mapping[str, Interactions] = ALL) -> Dataset:
    """Texts, numbers, vectors, two kinds of relations, and an item and an entity without any edge."""
    brand = Relation(torch.tensor([0, 1, 3]), torch.tensor([1, 1, 0]), 3, "company", ("X", "Y", "alone"))
    maker = Relation(torch.tensor([2]), torch.tensor([2]), 3, "company", ("X", "Y", "alone"))
    then = Relation(torch.tensor([0, 1]), torch.tensor([1, 2]), 4, ITEM)
    return Dataset(
        "toy", parts, USERS, ITEMS,
        item_fields={"title": ["one", "two", "", "four"]},
        item_numbers={"price": torch.tensor([1.0, float("nan"), 3.0, 4.0])},
        item_vectors={"image": torch.arange(8.0).reshape(4, 2)},
        user_fields={"city": ["here", "", "there"]},
        relations={"made_by": brand, "sold_by": maker, "then": then},
    )  # fmt: skip


def same(one: Tensor | None, other: Tensor | None) -> bool:
    """Equal, nan with nan, or both absent."""
    if one is None or other is None:
        return one is other
    return torch.equal(one.nan_to_num(nan=-1.0), other.nan_to_num(nan=-1.0)) and one.dtype == other.dtype


def assert_equal(found: Dataset, wanted: Dataset) -> None:
    """All that a data set holds, beside its name and card."""
    assert list(found.parts) == list(wanted.parts)
    for name, part in wanted.parts.items():
        for column in ("users", "items", "times", "weights"):
            assert same(getattr(found.parts[name], column), getattr(part, column)), (name, column)
        assert (found.parts[name].num_users, found.parts[name].num_items) == (part.num_users, part.num_items)
    for field in ("user_ids", "item_ids"):
        assert list(getattr(found, field)) == list(getattr(wanted, field))
    for field in ("item_fields", "user_fields"):
        there = {name: list(values) for name, values in getattr(found, field).items()}
        assert there == {name: list(values) for name, values in getattr(wanted, field).items()}
    for field in ("item_numbers", "item_vectors"):
        assert getattr(found, field).keys() == getattr(wanted, field).keys()
        for name, values in getattr(wanted, field).items():
            assert same(getattr(found, field)[name], values), name
    assert found.relations.keys() == wanted.relations.keys()
    for name, one in wanted.relations.items():
        other = found.relations[name]
        assert torch.equal(other.items, one.items), name
        assert torch.equal(other.others, one.others), name
        assert (other.num_others, other.kind, tuple(other.other_ids)) == (
            one.num_others,
            one.kind,
            tuple(one.other_ids),
        )
