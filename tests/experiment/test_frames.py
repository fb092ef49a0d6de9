"""Tables of other libraries become the same polars frame."""

from __future__ import annotations

import sys
from datetime import datetime

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from ltgnn.experiment.frames import to_polars
from ltgnn.types import UserError

COLUMNS = {"user": ["a", "b", "b"], "item": [1, 2, 3], "price": [0.5, None, 2.0]}


@pytest.mark.parametrize(
    "frame",
    [COLUMNS, pl.DataFrame(COLUMNS), pl.LazyFrame(COLUMNS), pa.table(COLUMNS), pd.DataFrame(COLUMNS)],
    ids=["dict", "polars", "lazy", "pyarrow", "pandas"],
)
def test_the_same_table(frame: object) -> None:
    found = to_polars(frame, "interactions")  # type: ignore[arg-type]
    assert found.schema["user"] == pl.String
    assert found.schema["item"] == pl.Int64
    assert found.fill_nan(None).to_dict(as_series=False) == COLUMNS


def test_pandas_of_every_kind_without_pyarrow(monkeypatch: pytest.MonkeyPatch) -> None:
    times = pd.to_datetime(["2024-01-01T00:00:00", "2024-01-02T03:04:05"])
    frame = pd.DataFrame(
        {
            "mixed": pd.Series(["x", 7], dtype=object),
            "missing": pd.Series(["x", None], dtype=object),
            "nullable": pd.array([1, None], dtype="Int64"),
            "category": pd.Categorical(["k", "l"]),
            "time": times,
            "zone": times.tz_localize("Europe/Berlin"),
            "yes": [True, False],
        }
    )
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    found = to_polars(frame, "items")
    assert found["mixed"].to_list() == ["x", "7"]
    assert found["missing"].to_list() == ["x", None]
    assert found["nullable"].to_list() == [1, None]
    assert found["category"].to_list() == ["k", "l"]
    assert found["time"].to_list()[1] == datetime(2024, 1, 2, 3, 4, 5)
    assert found["zone"].to_list()[0] == datetime(2023, 12, 31, 23)
    assert found["yes"].to_list() == [True, False]


def test_a_named_index_is_a_column() -> None:
    frame = pd.DataFrame(COLUMNS).set_index("user")
    assert to_polars(frame, "interactions").columns == ["user", "item", "price"]
    assert to_polars(pd.DataFrame(COLUMNS), "interactions").columns == ["user", "item", "price"]


@pytest.mark.parametrize(
    ("frame", "said"),
    [
        (7, "items: int given; a data frame"),
        ({}, "items: the frame has no rows"),
        (pl.DataFrame({"a": []}), "items: the frame has no rows"),
        ({"a": [1, 2], "b": [1]}, "items: this dict cannot be read as a table"),
        ({"a": "xyz"}, "a column is a text, not a list"),
        (pd.DataFrame([[1, 2]], columns=["a", "a"]), "the column 'a' is there twice"),
    ],
)
def test_what_is_no_table(frame: object, said: str) -> None:
    with pytest.raises(UserError, match=said):
        to_polars(frame, "items")  # type: ignore[arg-type]
