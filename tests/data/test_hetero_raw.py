"""HeteroData of others: names that are found or given, attributes that are left out, numbers out of range."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch_geometric.data import HeteroData
from torch_geometric.transforms import RandomLinkSplit

from ltgnn.data.hetero_data import to_hetero_data
from ltgnn.data.hetero_raw import HeteroNames
from ltgnn.types import UserError
from tests.data.hetero_case import dataset

RATES = ("user", "rates", "book")


def books() -> HeteroData:
    """As PyG's AmazonBook and MovieLens100K have it: no ids, test pairs as ``edge_label_index``."""
    data = HeteroData()
    data["user"].num_nodes = 3
    data["book"].x = torch.arange(8).reshape(4, 2)
    data[RATES].edge_index = torch.tensor([[0, 0, 2], [0, 3, 1]])
    data[RATES].rating = torch.tensor([5, 1, 4])
    data["book", "rated_by", "user"].edge_index = data[RATES].edge_index.flip(0)
    data[RATES].edge_label_index = torch.tensor([[1], [2]])
    data[RATES].edge_label = torch.tensor([3.0])
    return data


def test_names_are_found() -> None:
    raw = HeteroNames(rating="rating").raw(books())
    assert raw.user_ids.to_list() == ["0", "1", "2"]
    assert raw.item_ids.to_list() == ["0", "1", "2", "3"]
    assert list(zip(raw.users.tolist(), raw.items.tolist(), strict=True)) == [(0, 0), (0, 3), (2, 1), (1, 2)]
    assert raw.part_names == ("train", "test")
    assert raw.parts is not None
    assert raw.parts.tolist() == [0, 0, 0, 1]
    assert raw.ratings is not None
    assert raw.ratings.tolist() == [5, 1, 4, 3], "edge_label is the rating of the test part"
    assert raw.item_vectors["x"].tolist() == [[0, 1], [2, 3], [4, 5], [6, 7]]
    assert raw.times is raw.weights is None
    assert not raw.relations


def test_a_column_that_one_part_lacks_is_left_out() -> None:
    data = books()
    data[RATES].time = torch.tensor([7, 8, 9])
    assert HeteroNames().raw(data).times is None
    data[RATES].edge_label_time = torch.tensor([10])
    times = HeteroNames().raw(data).times
    assert times is not None
    assert times.tolist() == [7, 8, 9, 10]


def test_what_there_is_no_place_for_is_said() -> None:
    data = books()
    data["user"].x = torch.zeros(3, 2)
    data["book"].cube = torch.zeros(4, 1, 1)
    data["user", "knows", "user"].edge_index = torch.tensor([[0], [1]])
    left = HeteroNames().raw(data).notes["attributes left out"]
    assert left == ["user.x", "book.cube", "('user', 'knows', 'user')"]


def test_nodes_without_a_size_are_those_of_the_edges() -> None:
    data = HeteroData()
    data[RATES].edge_index = torch.tensor([[0, 4], [2, 0]])
    raw = HeteroNames().raw(data)
    assert (len(raw.user_ids), len(raw.item_ids)) == (5, 3)


def test_ids_that_are_numbers() -> None:
    data = books()
    data["book"].raw_id = torch.tensor([11, 22, 33, 44])
    assert HeteroNames().raw(data).item_ids.to_list() == ["11", "22", "33", "44"]
    data["book"].raw_id = ["a", "a", "b", "c"]
    with pytest.raises(UserError, match=r"book\.raw_id: 4 ids given, of which 3 differ; 4 wanted"):
        HeteroNames().raw(data)


def out_of_range(data: HeteroData) -> None:
    data[RATES].edge_index = torch.tensor([[0, 0, 3], [0, 3, 1]])


def of_floats(data: HeteroData) -> None:
    data[RATES].edge_index = torch.zeros(2, 3)


def of_lists(data: HeteroData) -> None:
    data[RATES].edge_index = [[0], [1]]


def second_type(data: HeteroData) -> None:
    data["user", "likes", "book"].edge_index = torch.tensor([[0], [1]])


@pytest.mark.parametrize(
    ("change", "names", "said"),
    [
        (out_of_range, {}, r"\('user', 'rates', 'book'\): nodes 0 to 3 given, 0 to 2 wanted \(num_nodes of 'user'\)"),
        (of_floats, {}, r"torch\.float32 \[2, 3\] given as edges, whole numbers \[2, E\] wanted"),
        (of_lists, {}, r"list given as edges"),
        (
            second_type,
            {},
            r"2 edge types from 'user' to items given, one wanted; there are \('user', 'rates', 'book'\)",
        ),
        (None, {"user": "reader"}, r"no edge types from 'reader' to items given"),
        (None, {"weight": "stars"}, r"weight=stars: no such edge attribute; there are edge_index, rating"),
    ],
)
def test_mistakes(change: Any, names: dict[str, str], said: str) -> None:
    data = books()
    if change is not None:
        change(data)
    with pytest.raises(UserError, match=said):
        HeteroNames(**names).raw(data)


def test_one_of_two_types_is_chosen_by_its_name() -> None:
    data = books()
    second_type(data)
    assert len(HeteroNames(interactions="likes").raw(data)) == 1


def test_negatives_of_a_link_split_are_no_interactions() -> None:
    edge = ("user", "interacts", "item")
    options: dict[str, Any] = {"num_val": 0, "num_test": 1, "is_undirected": False, "edge_types": [edge]}
    _, _, test = RandomLinkSplit(**options)(to_hetero_data(dataset()))
    with pytest.raises(UserError, match=r"edge_label has zeros, pairs that are no interactions"):
        HeteroNames().raw(test)
