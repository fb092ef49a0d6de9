"""What tests of checks share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ltgnn.features.item_features import ItemText
from ltgnn.features.store import FeatureStore
from ltgnn.features.transform import Keep
from ltgnn.types import Dataset, Features, TextEncoder

IDS = ["a", "b", "c", "d"]

COUNTS = torch.tensor([3, 1, 0, 2])


class Fixed(TextEncoder):
    """An encoder of given vectors."""

    @property
    def identity(self) -> Mapping[str, Any]:
        return {"class": "Fixed"}

    def __init__(self, rows: Sequence[Sequence[float]]) -> None:
        self.rows = torch.tensor(rows)

    def __call__(self, texts: Sequence[str]) -> Tensor:
        return self.rows


def dataset(titles: Sequence[str] = ("p", "q", "r", "s"), **numbers: Sequence[float]) -> Dataset:
    columns = {name: torch.tensor(values) for name, values in numbers.items()}
    return Dataset("shop", {}, ["u"], IDS[: len(titles)], {"title": list(titles)}, columns)


def features(encoder: Any, folder: Path, data: Dataset | None = None, transform: Any = None) -> Features:
    side = ItemText(encoder, "{title}", FeatureStore(folder), Keep(), transform or Keep())
    data = data or dataset()
    found = side(data, torch.ones(data.num_items))
    assert found is not None
    return found
