"""What tests of data share."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from ltgnn.data.catalog import load
from ltgnn.types import Dataset
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
