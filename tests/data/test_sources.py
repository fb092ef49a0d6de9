"""Readers: each format, small, by hand."""

import gzip
import json

import numpy as np
import polars as pl
import pytest

from ltgnn.types import UserError
from tests.data.readers import reader, rows


def lines(*texts):
    return "\n".join(texts) + "\n"


def test_recbole(tmp_path):
    (tmp_path / "toy.inter").write_text(
        lines(
            "user_id:token\titem_id:token\trating:float\ttimestamp:float",
            "7\tb\t4\t30",
            "007\ta\t2.5\t20",
            "7\ta\t1\t10",
        )
    )
    (tmp_path / "toy.item").write_text(
        lines("item_id:token\tname:token_seq\tprice:float", 'b\tA 12" "record"\t1.5', "a\t\t", "c\tunsold\t3")
    )
    (tmp_path / "toy.user").write_text(lines("user_id:token\tcity:token", "7\tRome", "007\tOslo", "8\tBern"))
    raw = reader(
        "recbole",
        interactions={"all": "toy.inter"},
        items="toy.item",
        users="toy.user",
        rating="rating",
        time="timestamp",
        item_fields={"title": "name"},
        item_numbers={"price": "price"},
        user_fields={"city": "city"},
    )(tmp_path)
    assert rows(raw) == [("7", "b", "all"), ("007", "a", "all"), ("7", "a", "all")]
    assert raw.user_ids.to_list() == ["7", "007", "8"]  # in the order of the user file; "007" is not "7"
    assert raw.item_ids.to_list() == ["b", "a", "c"]
    assert raw.item_fields["title"].to_list() == ['A 12" "record"', "", "unsold"]
    np.testing.assert_array_equal(raw.item_numbers["price"], np.float32([1.5, np.nan, 3]))
    assert raw.user_fields["city"].to_list() == ["Rome", "Oslo", "Bern"]
    assert (raw.ratings.tolist(), raw.times.tolist()) == ([4, 2.5, 1], [30, 20, 10])


def test_recbole_benchmark_parts(tmp_path):
    for number, user in enumerate("xyz", start=1):
        (tmp_path / f"toy.part{number}.inter").write_text(lines("user_id:token\titem_id:token", f"{user}\t{number}"))
    parts = {"train": "toy.part1.inter", "val": "toy.part2.inter", "test": "toy.part3.inter"}
    raw = reader("recbole", interactions=parts)(tmp_path)
    assert rows(raw) == [("x", "1", "train"), ("y", "2", "val"), ("z", "3", "test")]


def test_ids_without_a_table_are_in_canonical_order(tmp_path):
    (tmp_path / "interactions.csv").write_text(lines("user_id,item_id", "10,b", "9,a", "100,10"))
    raw = reader("table")(tmp_path)
    assert raw.user_ids.to_list() == ["9", "10", "100"]  # whole numbers by value
    assert raw.item_ids.to_list() == ["10", "a", "b"]
    assert raw.notes["user ids"] == "whole numbers"
    (tmp_path / "interactions.csv").write_text(lines("user_id,item_id", "10,b", "9,a", "010,10"))
    assert reader("table")(tmp_path).user_ids.to_list() == ["010", "10", "9"]  # texts: zeros count


def test_lightgcn(tmp_path):
    (tmp_path / "train.txt").write_text("0 0 1\n1 2\n3\n\n2 1 0\n")
    (tmp_path / "test.txt").write_text("0 2\r\n3 4\r\n")
    raw = reader("lightgcn_text")(tmp_path)
    assert rows(raw) == [
        *[("0", "0", "train"), ("0", "1", "train"), ("1", "2", "train"), ("2", "1", "train"), ("2", "0", "train")],
        *[("0", "2", "test"), ("3", "4", "test")],
    ]
    assert (len(raw.user_ids), len(raw.item_ids)) == (4, 5)  # 0..max over all parts: item 3 never occurs


def test_lightgcn_validation_inside_train(tmp_path):
    (tmp_path / "train.txt").write_text("0 0 1 2\n1 2\n")
    (tmp_path / "valid.txt").write_text("0 1\n")
    (tmp_path / "test.txt").write_text("1 0\n")
    raw = reader("lightgcn_text", valid="valid.txt", valid_inside_train=True)(tmp_path)
    assert rows(raw) == [
        *[("0", "0", "train"), ("0", "2", "train"), ("1", "2", "train")],
        *[("0", "1", "val"), ("1", "0", "test")],
    ]
    (tmp_path / "valid.txt").write_text("0 1\n1 1\n")
    with pytest.raises(UserError, match=r"1 of 2 pairs is not in train\.txt, e\.g\. user 1, item 1"):
        reader("lightgcn_text", valid="valid.txt", valid_inside_train=True)(tmp_path)


def test_lightgcn_with_titles(tmp_path):
    (tmp_path / "train.txt").write_text("0 0\n")
    (tmp_path / "test.txt").write_text("0 1\n")
    (tmp_path / "items.tsv").write_text(lines("item\ttitle", "2\tnever seen", "0\tfirst"))
    raw = reader("lightgcn_text", items="items.tsv", item_fields={"title": "title"})(tmp_path)
    assert raw.item_fields["title"].to_list() == ["first", "", "never seen"]


def test_mmrec(tmp_path):
    (tmp_path / "mmrec.inter").write_text(
        lines("userID\titemID\trating\ttimestamp\tx_label", "0\t2\t5.0\t1\t0", "0\t0\t5.0\t2\t1", "1\t2\t4.0\t3\t2")
    )
    np.save(tmp_path / "text_feat.npy", np.arange(8, dtype=np.float32).reshape(4, 2))
    raw = reader("mmrec")(tmp_path)
    assert rows(raw) == [("0", "2", "train"), ("0", "0", "val"), ("1", "2", "test")]
    assert raw.item_ids.to_list() == ["0", "1", "2", "3"]
    assert raw.item_vectors["text"][2].tolist() == [4, 5]
    np.save(tmp_path / "text_feat.npy", np.zeros((2, 2), dtype=np.float32))
    with pytest.raises(UserError, match=r"mmrec\.inter, line 2, column 'itemID'.*'2' has no row in text_feat\.npy"):
        reader("mmrec")(tmp_path)
    (tmp_path / "mmrec.inter").write_text(lines("userID\titemID\tx_label", "0\t0\t0", "0\t1\t7"))
    with pytest.raises(UserError, match=r"line 3, column 'x_label': '7' names no part"):
        reader("mmrec")(tmp_path)
    np.save(tmp_path / "text_feat.npy", np.zeros(3))
    with pytest.raises(UserError, match=r"text_feat\.npy: wanted numbers \[items, width\]"):
        reader("mmrec")(tmp_path)


def jsonl(path, *objects):
    text = "".join(json.dumps(fields) + "\n" for fields in objects)
    path.write_bytes(gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode())


def test_amazon_2018(tmp_path):
    jsonl(
        tmp_path / "All_Beauty.json.gz",
        {"reviewerID": "A1", "asin": "B2", "overall": 5.0, "unixReviewTime": 1500000000, "reviewText": "x\ny"},
        {"reviewerID": "A2", "asin": "B9", "overall": 1.0, "unixReviewTime": 1500000001},
    )
    jsonl(
        tmp_path / "meta_All_Beauty.json.gz",
        {
            "asin": "B1",
            "title": "Soap &amp; Water",
            "category": ["Beauty", "Soap"],
            "price": "$1,299.00",
            "description": [],
        },
        {
            "asin": "B2",
            "title": "Comb",
            "category": [],
            "price": "$1 - $2",
            "description": ["a  b", "c"],
            "brand": None,
        },
        {"asin": "B2", "title": "Comb again"},
    )
    raw = reader(
        "amazon2018",
        reviews="All_Beauty.json.gz",
        metadata="meta_All_Beauty.json.gz",
    )(tmp_path)
    assert rows(raw) == [("A1", "B2", "all"), ("A2", "B9", "all")]
    assert raw.item_ids.to_list() == ["B1", "B2", "B9"]
    assert raw.item_fields["title"].to_list() == ["Soap & Water", "Comb", ""]
    assert raw.item_fields["categories"].to_list() == ["Beauty > Soap", "", ""]
    assert raw.item_fields["description"].to_list() == ["", "a b > c", ""]
    np.testing.assert_array_equal(raw.item_numbers["price"], np.float32([1299, np.nan, np.nan]))
    assert raw.notes["items"]["repeated ids"] == 1
    assert raw.notes["items"]["items without a row, kept"] == 1


def test_amazon_2023(tmp_path):
    jsonl(
        tmp_path / "reviews.jsonl.gz",
        {"user_id": "U", "parent_asin": "B1", "rating": 4.0, "timestamp": 1600000000500, "title": "great"},
    )
    jsonl(
        tmp_path / "metadata.jsonl.gz",
        {"parent_asin": "B1", "title": "Pen", "categories": ["Office", "Pens"], "price": 2.5, "features": ["blue"]},
    )
    raw = reader("amazon2023")(tmp_path)
    assert raw.times.tolist() == [1600000000.5]
    assert raw.item_fields["categories"].to_list() == ["Office > Pens"]
    assert raw.item_numbers["price"].tolist() == [2.5]
    assert raw.item_fields["store"].to_list() == [""]


def test_movielens_latest(tmp_path):
    (tmp_path / "ratings.csv").write_text(lines("userId,movieId,rating,timestamp", "1,31,2.5,1260759144"))
    (tmp_path / "movies.csv").write_text(
        lines(
            "movieId,title,genres",
            '31,"American President, The (1995)",Comedy|Drama',
            "32,Untitled,(no genres listed)",
            "33,Se7en (a.k.a. Seven) (1995-1997),Crime",
        )
    )
    raw = reader("movielens_latest")(tmp_path)
    assert raw.item_fields["title"].to_list() == ["American President, The", "Untitled", "Se7en (a.k.a. Seven)"]
    assert raw.item_fields["year"].to_list() == ["1995", "", "1995"]
    assert raw.item_fields["genres"].to_list() == ["Comedy Drama", "", "Crime"]


def test_movielens_1m(tmp_path):
    (tmp_path / "ratings.dat").write_text("1::1193::5::978300760\n2::1::3::978302109\n")
    (tmp_path / "movies.dat").write_bytes(
        "1::Misérables, Les (1995)::Drama|War\n1193::Cuckoo (1975)::Drama\n".encode("latin-1")
    )
    raw = reader("ml1m")(tmp_path)
    assert rows(raw) == [("1", "1193", "all"), ("2", "1", "all")]
    assert raw.item_fields["title"].to_list() == ["Misérables, Les", "Cuckoo"]
    assert raw.item_fields["genres"].to_list() == ["Drama War", "Drama"]
    (tmp_path / "ratings.dat").write_text("1::1193::5::978300760\n2::1::3::when\n")
    with pytest.raises(UserError, match=r"ratings\.dat, line 2, column 'timestamp': 'when' is not a number"):
        reader("ml1m")(tmp_path)


def test_movielens_100k(tmp_path):
    (tmp_path / "u.data").write_text("196\t242\t3\t881250949\n")
    flags = "|".join("1" if place in (5, 14) else "0" for place in range(19))
    (tmp_path / "u.item").write_bytes(f"242|Kolya é (1996)|24-Jan-1997||http://x|{flags}\n".encode("latin-1"))
    raw = reader("movielens_100k")(tmp_path)
    assert {name: column.to_list() for name, column in raw.item_fields.items()} == {
        "title": ["Kolya é"],
        "year": ["1996"],
        "genres": ["Comedy Romance"],
    }


PRODUCTS = (
    "product_id,title,description,price,rating",
    '1,"A lamp, with ""arms""","first line\nsecond",9.5,4.5',
    "2,Chair,,,3",
    ",nameless,,,",
)


def test_shop(tmp_path):
    (tmp_path / "products.csv").write_text(lines(*PRODUCTS))
    (tmp_path / "user_behavior.csv").write_text(
        lines(
            "user_id,product_id,timestamp,click,purchase",
            "u1,1,100,1,1",
            "u1,2,101,1,0",
            "u2,2,102,0,0",
            "u2,1,103,,2",
            "u2,,104,1,0",
            "u3,1,,1,0",
        )
    )
    raw = reader("shop")(tmp_path)
    assert rows(raw) == [("u1", "1", "all"), ("u1", "2", "all"), ("u2", "1", "all")]
    assert raw.weights.tolist() == [6, 1, 10]  # click 1, purchase 5
    assert raw.item_fields["title"].to_list() == ['A lamp, with "arms"', "Chair"]
    assert raw.item_fields["description"].to_list() == ["first line\nsecond", ""]
    np.testing.assert_array_equal(raw.item_numbers["price"], np.float32([9.5, np.nan]))
    notes = raw.notes
    assert notes["interactions"][0]["rows without a required value, dropped"] == 2
    assert notes["rows without an event, dropped"] == 1
    assert notes["items"]["without id"] == 1
    assert notes["event weights"] == {"click": 1.0, "purchase": 5.0}


def test_shop_with_dates(tmp_path):
    (tmp_path / "products.csv").write_text(lines("product_id;title;description;price;rating", "1;Lamp;;1;2"))
    (tmp_path / "user_behavior.csv").write_text(
        lines("user_id;product_id;timestamp;click;purchase", "u1;1;1970-01-02 00:00:01;1;0")
    )
    raw = reader("shop", time_format="%Y-%m-%d %H:%M:%S")(tmp_path)
    assert raw.times.tolist() == [86401]
    assert raw.notes["interactions"][0]["separator"] == "';' (found in the first line)"


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


def test_parquet_dates_and_float_ids(tmp_path):
    frame = pl.DataFrame({"user_id": [1.0, 2.0], "item_id": ["x", "y"], "t": ["1970-01-01", "1970-01-02"]})
    frame.with_columns(pl.col("t").str.to_date()).write_parquet(tmp_path / "x.parquet")
    raw = reader("table", interactions={"all": "x.parquet"}, time="t")(tmp_path)
    assert rows(raw) == [("1", "x", "all"), ("2", "y", "all")]
    assert raw.times.tolist() == [0, 86400]


def test_table_without_a_first_line(tmp_path):
    (tmp_path / "interactions.csv").write_text("5 7 3\n6 7 1\n")
    raw = reader("table", names=["user_id", "item_id", "stars"], rating="stars")(tmp_path)
    assert rows(raw) == [("5", "7", "all"), ("6", "7", "all")]
    assert raw.notes["interactions"][0]["separator"] == "' ' (found in the first line)"


def test_bom_and_crlf(tmp_path):
    (tmp_path / "interactions.csv").write_bytes(b"\xef\xbb\xbfuser_id,item_id\r\na,1\r\nb,2\r\n")
    raw = reader("table")(tmp_path)
    assert rows(raw) == [("a", "1", "all"), ("b", "2", "all")]


def test_blank_lines_and_blanks_around_ids(tmp_path):
    (tmp_path / "interactions.csv").write_text("user_id, item_id\n\na , 1\n\n a,2\n\n")
    assert rows(reader("table")(tmp_path)) == [("a", "1", "all"), ("a", "2", "all")]
