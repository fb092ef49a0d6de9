"""HeteroData in files and data sets of PyG: the same rows, and nothing that is run."""

from __future__ import annotations

import os
import pickle
from pathlib import Path
from typing import Any

import pytest
import torch
from torch_geometric.data import Data, HeteroData
from torch_geometric.datasets import AmazonBook, MovieLens100K

from ltgnn.data.sources.pyg import FORCED
from ltgnn.types import UserError
from tests.data.hetero_case import dataset
from tests.data.readers import reader, rows
from tests.data.test_hetero_raw import RATES, books

PAIRS = [("0", "0", "train"), ("0", "3", "train"), ("2", "1", "train"), ("1", "2", "test")]


class Harm:
    """Writes a file where it is unpickled."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> Any:
        return (Path.touch, (self.mark,))


def processed(root: Path, data: Any, name: str = "data.pt") -> None:
    """As an ``InMemoryDataset`` of PyG leaves it, beside its raw files."""
    (root / "processed").mkdir(parents=True, exist_ok=True)
    torch.save(data, root / "processed" / name)


def with_raw_files(root: Path, kind: type[Any]) -> None:
    """Empty files of the names that the data set looks for, so that it downloads nothing."""
    (root / "raw").mkdir(parents=True)
    names = kind.raw_file_names.fget(None)
    for name in names if isinstance(names, list) else [names]:
        (root / "raw" / name).touch()


def test_a_saved_file(tmp_path: Path) -> None:
    torch.save(books(), tmp_path / "data.pt")
    raw = reader("pyg")(tmp_path)
    assert rows(raw) == PAIRS
    assert raw.item_vectors["x"].shape == (4, 2)


@pytest.mark.parametrize("kind", [AmazonBook, MovieLens100K])
def test_data_sets_of_pyg_that_are_there_already(tmp_path: Path, kind: type[Any]) -> None:
    """By their class, and by the file that it leaves, which needs no class."""
    with_raw_files(tmp_path, kind)
    processed(tmp_path, (books().to_dict(), None, HeteroData))
    by_class = {"_target_": f"torch_geometric.datasets.{kind.__name__}", "_partial_": True}
    assert rows(reader("pyg", file=None, dataset=by_class)(tmp_path)) == PAIRS
    assert rows(reader("pyg", file="processed/data.pt")(tmp_path)) == PAIRS
    assert FORCED not in os.environ


def test_weights_and_times_by_their_names(tmp_path: Path) -> None:
    data = books()
    data[RATES].when, data[RATES].edge_label_when = torch.tensor([3, 1, 2]), torch.tensor([9])
    torch.save(data, tmp_path / "data.pt")
    raw = reader("pyg", time="when", rating="rating")(tmp_path)
    assert raw.times is not None
    assert raw.times.tolist() == [3, 1, 2, 9]
    assert raw.ratings is not None
    assert raw.ratings.tolist() == [5, 1, 4, 3]


@pytest.mark.parametrize("way", ["file", "class"])
def test_a_file_that_would_run_something_is_refused(tmp_path: Path, way: str) -> None:
    """Also through PyG's own reading, which opens such a file with a warning."""
    mark = tmp_path / "mark"
    data = books()
    data["user"].harm = Harm(mark)
    with_raw_files(tmp_path, AmazonBook)
    processed(tmp_path, (data.to_dict(), None, HeteroData))
    by_class = {"_target_": "torch_geometric.datasets.AmazonBook", "_partial_": True}
    read = reader("pyg", file="processed/data.pt") if way == "file" else reader("pyg", file=None, dataset=by_class)
    with pytest.raises(UserError, match=r"data\.pt: not a file of tensors and plain values|cannot be opened safely"):
        read(tmp_path)
    assert not mark.exists()


@pytest.mark.parametrize(
    ("saved", "said"),
    [
        (Data(x=torch.zeros(2, 2)), r"data\.pt: not a file of tensors .* \(it names torch_geometric\.data\.data\.Data"),
        (torch.zeros(3), r"data\.pt: Tensor given, a HeteroData with users, items and edges between them wanted"),
        (({"user": {}}, {"user": {}}, HeteroData), r"data\.pt: tuple given"),
    ],
)
def test_other_contents(tmp_path: Path, saved: Any, said: str) -> None:
    torch.save(saved, tmp_path / "data.pt")
    with pytest.raises(UserError, match=said):
        reader("pyg")(tmp_path)


def test_files_that_are_not_there_or_no_file_of_torch(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"No file .*data\.pt"):
        reader("pyg")(tmp_path)
    for content in (b"", b"not torch at all", pickle.dumps({"a": 1})):
        (tmp_path / "data.pt").write_bytes(content)
        with pytest.raises(UserError, match=r"data\.pt"):
            reader("pyg")(tmp_path)
    with pytest.raises(UserError, match=r"one of them wanted, the other null"):
        reader("pyg", file=None)(tmp_path)


def test_relations_of_the_items(tmp_path: Path) -> None:
    from ltgnn.data.hetero_data import to_hetero_data

    torch.save(to_hetero_data(dataset()), tmp_path / "data.pt")
    raw = reader("pyg")(tmp_path)
    assert {name: one.kind for name, one in raw.relations.items()} == {
        "made_by": "company", "sold_by": "company", "then": "item",
    }  # fmt: skip
