"""A data set as HeteroData: by hand, in PyG's validation and transforms, and back again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch_geometric.transforms import RandomLinkSplit, ToUndirected

from ltgnn.data.catalog import load
from ltgnn.data.hetero_data import to_hetero_data
from ltgnn.data.hetero_raw import HeteroNames
from ltgnn.experiment.pyg_import import AS_GIVEN
from ltgnn.types import Dataset, Interactions, Relation, UserError
from tests.data.hetero_case import ALL, ITEMS, PARTS, USERS, assert_equal, dataset

INTERACTS, BACK = ("user", "interacts", "item"), ("item", "rev_interacts", "user")


def back(data: object) -> Dataset:
    return load(Path, lambda _: HeteroNames().raw(data), AS_GIVEN, "back")  # type: ignore[arg-type]


@pytest.mark.parametrize("parts", [ALL, PARTS, {"train": PARTS["train"], "test": PARTS["test"]}])
def test_there_and_back(parts: dict[str, Interactions]) -> None:
    wanted = dataset(parts)
    assert_equal(back(to_hetero_data(wanted)), wanted)


def test_without_times_weights_and_anything_else() -> None:
    plain = {"all": replace(ALL["all"], times=None, weights=None)}
    wanted = Dataset("bare", plain, USERS, ITEMS)
    data = to_hetero_data(wanted)
    assert set(data[INTERACTS].keys()) == {"edge_index"}
    assert_equal(back(data), wanted)


def test_values_by_hand() -> None:
    data = to_hetero_data(dataset(PARTS), features="image")
    assert data.validate()
    assert set(data.node_types) == {"user", "item", "company"}
    assert [data[kind].num_nodes for kind in ("user", "item", "company")] == [3, 4, 3]
    assert data["company"].raw_id == ["X", "Y", "alone"]
    assert data[INTERACTS].edge_index.tolist() == [[0, 0, 1, 2], [0, 2, 1, 1]]
    assert data[BACK].edge_index.tolist() == [[0, 2, 1, 1], [0, 0, 1, 2]]
    assert data[INTERACTS].time.tolist() == data[BACK].time.tolist() == [10, 11, 12, 13]
    assert data[INTERACTS].time.dtype == torch.int64
    assert data[INTERACTS].val_edge_label_time.tolist() == [20.5]
    assert data[INTERACTS].edge_weight.tolist() == [1, 1.5, 2, 2.5]
    assert data[INTERACTS].edge_label_index.tolist() == [[0, 2], [1, 2]]
    assert data[INTERACTS].edge_label_weight.tolist() == [1, 1.5]
    assert data[INTERACTS].val_edge_label_index.tolist() == [[1], [0]]
    assert not {"edge_label_index", "val_edge_label_index"} & set(data[BACK].keys()), "held-out pairs are no messages"
    assert data["item", "made_by", "company"].edge_index.tolist() == [[0, 1, 3], [1, 1, 0]]
    assert data["company", "rev_made_by", "item"].edge_index.tolist() == [[1, 1, 0], [0, 1, 3]]
    assert data["item", "then", "item"].edge_index.tolist() == [[0, 1], [1, 2]]
    assert torch.equal(data["item"].x, torch.arange(8.0).reshape(4, 2))


def test_transforms_of_pyg_take_it() -> None:
    """The reverse of ToUndirected is ours; a link split has all pairs once."""
    data = to_hetero_data(dataset())
    ours = data[BACK].clone()
    del data[BACK]
    theirs = ToUndirected()(data)[BACK]
    assert set(theirs.keys()) == set(ours.keys())
    for name, values in ours.items():
        assert torch.equal(theirs[name], values), name
    options = {"num_val": 1, "num_test": 1, "is_undirected": False, "add_negative_train_samples": False}
    split = RandomLinkSplit(**options, neg_sampling_ratio=0.0, edge_types=[INTERACTS], rev_edge_types=[BACK])(
        to_hetero_data(dataset())
    )
    found = torch.cat([part[INTERACTS].edge_label_index for part in split], 1).T.tolist()
    assert sorted(found) == sorted([[0, 0], [0, 2], [1, 1], [2, 1]])
    assert split[0][BACK].edge_index.shape[1] == split[0][INTERACTS].edge_index.shape[1] == 2


def test_a_model_of_pyg_runs_on_it() -> None:
    """Messages of HeteroConv are sums of the neighbours' rows."""
    from torch_geometric.nn import HeteroConv, SimpleConv

    data = to_hetero_data(dataset(), features="image")
    data["user"].x = torch.ones(3, 2)
    found = HeteroConv({INTERACTS: SimpleConv("sum"), BACK: SimpleConv("sum")})(
        {"user": data["user"].x, "item": data["item"].x},
        {kind: data[kind].edge_index for kind in (INTERACTS, BACK)},
    )
    assert found["item"].tolist() == [[1, 1], [2, 2], [1, 1], [0, 0]]
    assert found["user"].tolist() == [[4, 6], [2, 3], [2, 3]]


def test_mistakes() -> None:
    with pytest.raises(
        UserError, match=r"features=.text. given; a matrix \[I, D\] or vectors of the data wanted: image"
    ):
        to_hetero_data(dataset(), features="text")
    with pytest.raises(UserError, match=r"features \[3, 2\] given, \[4, D\] wanted"):
        to_hetero_data(dataset(), features=torch.zeros(3, 2))
    with pytest.raises(UserError, match=r"a field called 'x' given"):
        to_hetero_data(replace(dataset(), item_fields={"x": ["", "", "", ""]}))
    friends = Relation(torch.tensor([0]), torch.tensor([0]), 3, "user")
    with pytest.raises(UserError, match=r"relation 'friend': its kind is called 'user'"):
        to_hetero_data(replace(dataset(), relations={"friend": friends}))
    with pytest.raises(UserError, match=r"parts all, test given; all, or train with val and test wanted"):
        to_hetero_data(dataset(), {"all": ALL["all"], "test": PARTS["test"]})
