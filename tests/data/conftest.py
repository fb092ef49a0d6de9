"""What tests of data share."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
import torch

from ltgnn.data.catalog import load
from ltgnn.data.splits import RandomSplit
from ltgnn.types import Dataset, Interactions
from tests.data.narrow_case import NUM_ITEMS, NUM_USERS, WHOLE
from tests.data.readers import reader


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("data")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    """Each user has three items; one further user and repeated rows are cleaned away."""
    folder = tmp_path_factory.mktemp("wide")
    users = np.tile(np.arange(NUM_USERS), 3)
    items = (users * 7 + np.repeat([0, 1, 2], NUM_USERS) * 13) % NUM_ITEMS
    frame = pl.DataFrame({"user_id": [*users, 5, NUM_USERS], "item_id": [*items, items[5], 0]})
    frame.with_columns(t=pl.int_range(pl.len())).write_parquet(folder / "x.parquet")
    return load(lambda: folder, reader("table", interactions={"all": "x.parquet"}, time="t"), WHOLE)


@pytest.fixture
def audited():
    generator = torch.Generator().manual_seed(1)
    users, items = (torch.rand(40, 200, generator=generator) < 0.1).nonzero().T
    times = torch.rand(len(users), generator=generator, dtype=torch.float64)
    pairs = Interactions(users.contiguous(), items.contiguous(), 40, 200, times)
    return Dataset("toy", {"all": pairs}, [f"user{n:03}" for n in range(40)], [f"item{n:03}" for n in range(200)])


@pytest.fixture
def split(audited):
    return RandomSplit(0.1, 0.1, 0)(audited)
