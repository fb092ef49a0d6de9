"""The output of every reader: interactions with coded ids, before any cleaning."""

from __future__ import annotations

import numpy as np
import polars as pl

from ltgnn.data.catalog import _parts
from ltgnn.data.raw import Raw


def test_columns_become_tensors_where_they_are() -> None:
    codes = [np.array(column, dtype=np.int32) for column in ([0, 1, 2], [1, 0, 1])]
    names = pl.Series(["a", "b", "c"])
    part = _parts(Raw(*codes, names, names, times=np.zeros(3)))["all"]
    assert [part.users.data_ptr(), part.items.data_ptr()] == [column.ctypes.data for column in codes]
