"""A table of triples, whatever its format."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from ltgnn.types import UserError
from tests.data.related_source_case import dataset, in_words, source

ROWS = [
    ("1", "brand", "acme"),
    ("2", "brand", "acme"),
    ("2", "brand", "acme"),
    ("1", "maker", "acme"),
    ("3", "then", "1"),
    ("3", "then", "8"),
    ("3", "then", "3"),
    ("9", "brand", "acme"),
    ("1", "brand", "3"),
]
WANTED = {"brand": {("1", "acme"), ("2", "acme"), ("1", "3")}, "maker": {("1", "acme")}, "then": {("3", "1")}}


@pytest.mark.parametrize("ending", ["csv", "parquet", "jsonl"])
def test_formats_agree(tmp_path: Path, ending: str) -> None:
    """The value "3" of a brand is no item, though an item has that id."""
    frame = pl.DataFrame(ROWS, schema=["item_id", "relation", "other"], orient="row")
    write = {"csv": frame.write_csv, "parquet": frame.write_parquet, "jsonl": frame.write_ndjson}[ending]
    write(tmp_path / f"triples.{ending}")
    data = dataset(tmp_path, triples=source("triples", file=f"triples.{ending}", between_items=["then"]))
    assert in_words(data) == WANTED
    assert data.relations["brand"].num_others == data.relations["maker"].num_others == 2
    assert data.card["left out"] == {
        "rows that repeat another (relations)": 1,
        "triples of items that are not in the data": 2,
        "triples of an item with itself": 1,
    }


def test_what_is_wrong_is_named(tmp_path: Path) -> None:
    (tmp_path / "triples.csv").write_text("sku,what,value\n1,brand,acme\n2,,acme\n")
    columns = {"item": "sku", "relation": "what", "other": "value"}
    with pytest.raises(UserError, match=r"triples.csv: no column 'item_id'.*data.relations.triples"):
        dataset(tmp_path, triples=source("triples"))
    with pytest.raises(UserError, match=r"triples.csv, line 3, column 'what': no value .*triples.drop_incomplete=true"):
        dataset(tmp_path, triples=source("triples", **columns))
    found = dataset(tmp_path, triples=source("triples", **columns, drop_incomplete=True))
    assert in_words(found) == {"brand": {("1", "acme")}}
    with pytest.raises(UserError, match=r"triples.between_items: no relation 'then'; there are: brand"):
        dataset(tmp_path, triples=source("triples", **columns, drop_incomplete=True, between_items=["then"]))
    (tmp_path / "triples.csv").write_text("item_id,relation,other\n77,brand,acme\n")
    with pytest.raises(UserError, match=r"none of its items is in the data set"):
        dataset(tmp_path, triples=source("triples"))
    with pytest.raises(UserError, match=r"No file .*data.relations.triples"):
        dataset(tmp_path, triples=source("triples", file="nothing.csv"))
