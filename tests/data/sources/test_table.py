"""Any table of interactions, with or without a table of items: CSV, TSV, JSON, Parquet, detected by content."""

import gzip

import polars as pl

from tests.data.readers import reader, rows


def test_table_formats_agree(tmp_path):
    """The same rows as CSV, gzip, JSON Lines and Parquet."""
    frame = pl.DataFrame({"user_id": ["b", "a", "b"], "item_id": [3, 1, 2], "t": [1.5, 2.0, 3.0], "stars": [1, 5, 3]})
    frame.write_csv(tmp_path / "x.csv")
    (tmp_path / "x.csv.gz").write_bytes(gzip.compress((tmp_path / "x.csv").read_bytes()))
    frame.write_csv(tmp_path / "x.tsv", separator="\t")
    frame.write_ndjson(tmp_path / "x.jsonl")
    frame.write_parquet(tmp_path / "x.parquet")
    expected = None
    for name in ("x.csv", "x.csv.gz", "x.tsv", "x.jsonl", "x.parquet"):
        raw = reader("table", interactions={"all": name}, time="t", rating="stars")(tmp_path)
        got = rows(raw), raw.times.tolist(), raw.ratings.tolist()
        expected = expected or got
        assert got == expected == ([("b", "3", "all"), ("a", "1", "all"), ("b", "2", "all")], [1.5, 2, 3], [1, 5, 3])


def test_table_without_a_first_line(tmp_path):
    (tmp_path / "interactions.csv").write_text("5 7 3\n6 7 1\n")
    raw = reader("table", names=["user_id", "item_id", "stars"], rating="stars")(tmp_path)
    assert rows(raw) == [("5", "7", "all"), ("6", "7", "all")]
    assert raw.notes["interactions"][0]["separator"] == "' ' (found in the first line)"
