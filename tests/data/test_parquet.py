"""Parquet files as table files."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from ltgnn.data.parquet import Parquet
from tests.data.bad_input_case import message
from tests.data.blocks_case import codes
from tests.data.readers import reader, rows


def test_parquet(tmp_path):
    pl.DataFrame({"user_id": ["a", None], "item_id": [1, 2]}).write_parquet(tmp_path / "x.parquet")
    assert "x.parquet, row 2, column 'user_id': no value" in message(tmp_path, interactions={"all": "x.parquet"})
    pl.DataFrame({"user_id": ["a", "b"], "item_id": [1.0, 2.5]}).write_parquet(tmp_path / "x.parquet")
    assert "x.parquet, row 2, column 'item_id'" in message(tmp_path, interactions={"all": "x.parquet"})
    (tmp_path / "x.parquet").write_text("not parquet")
    assert "not a Parquet file" in message(tmp_path, interactions={"all": "x.parquet"})


def test_parquet_in_pieces_of_any_size(tmp_path: Path) -> None:
    frame = pl.DataFrame({"user": codes(100), "item": codes(100)})
    frame.write_parquet(tmp_path / "x.parquet")
    for piece in (1, 11, 100, 1000):
        pieces = list(Parquet(tmp_path / "x.parquet", piece).pieces({}, [pl.col("user"), pl.col("item")]))
        assert len(pieces) == -(-100 // piece)
        assert pl.concat(pieces).equals(frame)


def test_parquet_dates_and_float_ids(tmp_path):
    frame = pl.DataFrame({"user_id": [1.0, 2.0], "item_id": ["x", "y"], "t": ["1970-01-01", "1970-01-02"]})
    frame.with_columns(pl.col("t").str.to_date()).write_parquet(tmp_path / "x.parquet")
    raw = reader("table", interactions={"all": "x.parquet"}, time="t")(tmp_path)
    assert rows(raw) == [("1", "x", "all"), ("2", "y", "all")]
    assert raw.times.tolist() == [0, 86400]
