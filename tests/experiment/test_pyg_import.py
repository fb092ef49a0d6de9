"""Public: a data set to torch-geometric and back, and a run on what came from there."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import torch

import ltgnn
from ltgnn.data.hetero_data import to_hetero_data
from ltgnn.types import Interactions, Split, UserError
from tests.data.hetero_case import ALL, PARTS, assert_equal, dataset
from tests.experiment.dataset_case import EVENTS, ITEMS


@pytest.mark.parametrize("parts", [ALL, PARTS])
def test_what_comes_back_is_what_was_given(empty: Path, parts: dict[str, Interactions]) -> None:
    given = to_hetero_data(dataset(parts))
    found = ltgnn.Dataset.from_pyg(given, name="toy")
    assert_equal(found, dataset(parts))
    assert found.folder is not None
    assert found.folder.parent == empty / "data/pyg"
    assert ("split=official" in found.overrides) == ("train" in parts)
    assert ltgnn.Dataset.from_pyg(given, name="toy").folder == found.folder
    again = found.to_pyg()
    assert again.node_types == given.node_types
    assert set(again.edge_types) == set(given.edge_types)
    for kind in given.edge_types:
        assert set(again[kind].keys()) == set(given[kind].keys())
        assert all(torch.equal(again[kind][name], given[kind][name]) for name in given[kind].keys())  # noqa: SIM118


def test_a_split_has_its_train_part_as_edges_and_the_others_as_labels(empty: Path) -> None:
    shop = ltgnn.Dataset.from_frames(EVENTS, ITEMS, name="toy")
    everything = shop.parts["all"]
    order = torch.randperm(len(everything), generator=torch.Generator().manual_seed(0))
    train, val, test = (everything.select(rows) for rows in order.split([len(order) - 60, 20, 40]))
    split = Split(train, val, test, "by hand")
    data = shop.to_pyg(split, features=torch.ones(shop.num_items, 3))
    store = data["user", "interacts", "item"]
    assert store.edge_index.shape[1] == len(train)
    assert store.val_edge_label_index.T.tolist() == [
        list(p) for p in zip(val.users.tolist(), val.items.tolist(), strict=True)
    ]
    assert store.edge_label_index.shape[1] == 40
    found = ltgnn.Dataset.from_pyg(data, name="split")
    back = Split(found.parts["train"], found.parts["val"], found.parts["test"], "back")
    assert back.fingerprint == split.fingerprint
    assert found.item_vectors["x"].tolist() == torch.ones(shop.num_items, 3).tolist()


def test_mistakes(empty: Path) -> None:
    with pytest.raises(UserError, match=r"data: dict given, torch_geometric\.data\.HeteroData wanted"):
        ltgnn.Dataset.from_pyg({})
    with pytest.raises(UserError, match=r"no edge types from 'reader'"):
        ltgnn.Dataset.from_pyg(to_hetero_data(dataset()), user="reader")


LAZY = """
import sys, ltgnn, ltgnn.cli, ltgnn.build, ltgnn.models.pyg, ltgnn.data.sources.pyg
ltgnn.Dataset, ltgnn.train
try:
    ltgnn.cli.main(["--help"])
except SystemExit:
    pass
print([name for name in sys.modules if name.startswith("torch_geometric")])
"""


def test_torch_geometric_is_imported_where_it_is_used() -> None:
    answer = subprocess.run([sys.executable, "-c", LAZY], capture_output=True, text=True, check=True)
    assert answer.stdout.splitlines()[-1] == "[]"
