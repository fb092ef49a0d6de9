"""RecBole's atomic files: tab separated, a typed first line such as ``user_id:token<TAB>item_id:token``."""

import numpy as np

from ltgnn.data.catalog import load
from ltgnn.data.cleaning import Cleaning
from ltgnn.data.export import write_recbole
from tests.data.quotes_case import said
from tests.data.readers import reader, rows
from tests.data.recbole_export_case import TITLES, recbole_data
from tests.data.sources_case import lines


def test_separator_of_recbole_files(tmp_path):
    (tmp_path / "recbole.inter").write_text("user_id:token,item_id:token\nu,i\n")
    message = said(tmp_path, "recbole", interactions={"all": "recbole.inter"})
    assert "Is '\\t' the separator? Set \"data.reader.separator=','\"" in message
    assert rows(reader("recbole", interactions={"all": "recbole.inter"}, separator=",")(tmp_path)) == [
        ("u", "i", "all")
    ]


def test_round_trip_by_our_own_reader(tmp_path):
    data = recbole_data()
    write_recbole(tmp_path / "out", data, dict(data.parts), {})
    files = {"interactions": {"all": "toy.inter"}, "items": "toy.item", "users": "toy.user"}
    fields = {"item_fields": {"title": "title"}, "user_fields": {"city": "city"}}
    keep = Cleaning(None, None, None, 1, 1, True, True)
    again = load(lambda: tmp_path / "out", reader("recbole", **files, **fields), keep)
    assert again.item_fields["title"] == [" ".join(title.replace("\t", " ").split()) for title in TITLES]
    assert again.user_fields["city"] == ['"Bonn"']


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
