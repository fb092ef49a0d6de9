"""torch-geometric's ``HeteroData``: a saved file, or a data set of ``torch_geometric.datasets``."""

from __future__ import annotations

import os
import pickle
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from ltgnn.data.hetero_raw import HeteroNames
from ltgnn.data.raw import Raw
from ltgnn.io.bounded_read import shorten_error
from ltgnn.types import UserError

FORCED = "TORCH_FORCE_WEIGHTS_ONLY_LOAD"
"""Environment variable with which ``torch.load`` builds tensors and plain values alone, whatever its caller says."""


@dataclass(frozen=True)
class PyG:
    """One graph with users and items; ``HeteroNames`` says what its parts are called.

    A file is opened with ``weights_only=True``: it holds tensors, texts and numbers, and cannot run anything. It is
    what ``torch.save(data, file)`` writes, or ``processed/*.pt`` of a data set of PyG with one graph.
    """

    file: str | None  # in the folder; None: that of the data set
    dataset: Callable[..., Sequence[Any]] | None  # class called with root=FOLDER; None: the file
    user: str = "user"
    item: str | None = None
    interactions: str | None = None
    rating: str | None = None
    time: str | None = None
    weight: str | None = None

    def __call__(self, folder: Path) -> Raw:
        if (self.file is None) == (self.dataset is None):
            raise UserError("data.reader.file and data.reader.dataset: one of them wanted, the other null.")
        data = _open(folder / self.file) if self.file is not None else self.of_class(folder)
        names = HeteroNames(self.user, self.item, self.interactions, self.rating, self.time, self.weight)
        return names.raw(_one_graph(data, str(self.file or "data.reader.dataset")))

    def of_class(self, folder: Path) -> Any:
        """The graph of a data set of PyG; what it has processed before is opened as safely as a file."""
        assert self.dataset is not None
        try:
            with only_plain_values():
                graphs = self.dataset(root=str(folder))
                if len(graphs) == 1:
                    return graphs[0]
        except pickle.UnpicklingError as error:
            raise UserError(
                f"data.reader.dataset: its processed file in {folder} cannot be opened safely "
                f"({reason(error)}). Delete the file, so that it is made anew."
            ) from error
        raise UserError(f"data.reader.dataset: {len(graphs)} graphs given, one wanted.")


def _open(file: Path) -> Any:
    """What a file holds; ``UserError`` where it holds more than tensors and plain values."""
    from torch_geometric.data.storage import BaseStorage, EdgeStorage, GlobalStorage, NodeStorage

    if not file.is_file():
        raise UserError(f"No file {file}. Check data.files.path and data.reader.file.")
    stores = [BaseStorage, EdgeStorage, GlobalStorage, NodeStorage]  # what HeteroData, known to torch, is made of
    try:
        with torch.serialization.safe_globals(stores):
            return torch.load(file, map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, RuntimeError, EOFError, ValueError, KeyError, AttributeError, TypeError) as error:
        raise UserError(
            f"{file}: not a file of tensors and plain values, and no other is opened ({reason(error)}). "
            "Write it by torch.save(data, FILE), with a HeteroData of tensors, texts and numbers."
        ) from error


def reason(error: Exception) -> str:
    """What torch says of a file that it does not open, in short: what the file names, else the first line."""
    named = re.search(r"Unsupported (?:global: GLOBAL|class|operand) (\S+)", str(error))
    return f"it names {named[1]}" if named else shorten_error(error)


def _one_graph(data: Any, place: str) -> Any:
    """A ``HeteroData``, given as it is or as ``InMemoryDataset`` of PyG writes it."""
    from torch_geometric.data import HeteroData

    if isinstance(data, tuple) and len(data) >= 2 and isinstance(data[0], dict) and not data[1]:
        data = data[0]
    if isinstance(data, dict) and data and all(isinstance(key, str | tuple) for key in data):
        data = HeteroData.from_dict(data)
    if not isinstance(data, HeteroData):
        raise UserError(
            f"{place}: {type(data).__name__} given, a HeteroData with users, items and edges between them wanted "
            "(torch_geometric.data)."
        )
    return data


@contextmanager
def only_plain_values() -> Iterator[None]:
    """Inside, no file that torch opens can run anything: PyG opens one that could, with a warning."""
    before = os.environ.get(FORCED)
    os.environ[FORCED] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ[FORCED]
        else:
            os.environ[FORCED] = before
