"""Numeric times: the unit by range or by option in every reader, mixed units, times that cannot be true."""

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from ltgnn.data.card import format_time, summarise
from ltgnn.data.catalog import load
from ltgnn.data.cleaning import Cleaning
from ltgnn.data.times import UNITS, choose_unit
from ltgnn.types import UserError
from tests.data.readers import reader

SECONDS = [1_588_687_728.5, 1_588_687_729.25, 1_500_000_000.0]
NAMES = {"s": "seconds", "ms": "milliseconds", "us": "microseconds", "ns": "nanoseconds"}
ALL = Cleaning(None, None, None, 1, 1, False, False)


def table(folder, times, **changes):
    rows = "".join(f"u{n},i{n},{time}\n" for n, time in enumerate(times))
    (Path(folder) / "interactions.csv").write_text("user_id,item_id,t\n" + rows)
    return load(lambda: folder, reader("table", time="t", **changes), ALL)


def whole(unit):
    return [f"{round(time * UNITS[unit])}" for time in SECONDS] if unit != "s" else [repr(time) for time in SECONDS]


@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("given", [True, False])
def test_each_unit_is_recognised_or_given(tmp_path, unit, given):
    data = table(tmp_path, whole(unit), **({"time_unit": unit} if given else {}))
    exact = 0 if unit != "ns" else 3e-7  # seconds: 19 digits do not fit 8 bytes
    assert data.parts["all"].times.tolist() == pytest.approx(SECONDS, rel=0, abs=exact)  # fractions survive
    how = "from data.reader.time_unit" if given else "by the range of the values"
    assert data.card["times"] == {
        "first": "2017-07-14 02:40:00",
        "last": "2020-05-05 14:08:49",
        "unit": f"{NAMES[unit]} ({how})",
    }
    assert data.card["warnings"] == []


def recbole(folder, rows):
    lines = "".join(f"u{n}\ti{n}\t4\t{time}\n" for n, time in enumerate(rows))
    (folder / "x.inter").write_text("user_id:token\titem_id:token\trating:float\ttimestamp:float\n" + lines)
    return reader("recbole", interactions={"all": "x.inter"}, time="timestamp")


def shop(folder, rows):
    lines = "".join(f"u{n},i{n},{time},1,0\n" for n, time in enumerate(rows))
    (folder / "user_behavior.csv").write_text("user_id,product_id,timestamp,click,purchase\n" + lines)
    (folder / "products.csv").write_text(
        "product_id,title,description,price,rating\n" + "".join(f"i{n},t,d,1,2\n" for n in range(len(rows)))
    )
    return reader("shop")


def movielens(folder, rows):
    (folder / "u.data").write_text("".join(f"{n + 1}\t{n + 1}\t5\t{time}\n" for n, time in enumerate(rows)))
    films = "".join(f"{n + 1}|Film (1999)|||{'|0' * 19}\n" for n in range(len(rows)))
    (folder / "u.item").write_text(films)
    return reader("movielens_100k")


def mmrec(folder, rows):
    lines = "".join(f"{n}\t{n}\t0\t{time}\n" for n, time in enumerate(rows))
    (folder / "x.inter").write_text("userID\titemID\tx_label\tt\n" + lines)
    return reader("mmrec", interactions="x.inter", time="t", vectors={})


def amazon(folder, rows):
    lines = [
        json.dumps({"user_id": f"u{n}", "parent_asin": f"i{n}", "rating": 5, "timestamp": int(t)})
        for n, t in enumerate(rows)
    ]
    (folder / "reviews.jsonl.gz").write_text("\n".join(lines) + "\n")
    return reader("amazon2023", metadata=None)


@pytest.mark.parametrize("made", [recbole, shop, movielens, mmrec, amazon])
def test_every_reader(tmp_path, made):
    raw = made(tmp_path, whole("ms"))(tmp_path)
    assert raw.times.tolist() == SECONDS
    assert raw.notes["time unit"].startswith("milliseconds")


def test_parquet_of_another_hand(tmp_path):
    data = table(tmp_path, whole("ms"))
    from ltgnn.data.export import write_processed

    write_processed(tmp_path / "out", data, data.parts, data.card)
    again = load(lambda: tmp_path / "out", reader("processed"), ALL)
    assert again.card["times"] == data.card["times"]  # of the files that it was made of
    assert again.card["sha256"] == data.card["sha256"]
    frame = pl.read_parquet(tmp_path / "out/interactions.parquet")
    frame.with_columns(pl.col("time") * 1000).write_parquet(tmp_path / "out/interactions.parquet")
    assert (
        load(lambda: tmp_path / "out", reader("processed", time_unit="auto"), ALL).card["sha256"] == data.card["sha256"]
    )


def test_positions_stay(tmp_path):
    data = table(tmp_path, [0, 1, 50_000_000])
    assert data.parts["all"].times.tolist() == [0, 1, 50_000_000]
    assert data.card["times"]["unit"].startswith("as given")


def test_mixed_units_are_refused_with_a_line_and_a_way_out(tmp_path):
    with pytest.raises(UserError) as caught:
        table(tmp_path, [1_500_000_000, 1_500_000_001, 1_500_000_002_000])
    for part in (
        "2 like seconds (e.g. 1500000000)",
        "1 like milliseconds (e.g. 1500000002000)",
        "line 4",
        "data.reader.time_unit=s",
    ):
        assert part in str(caught.value)
    data = table(tmp_path, [1_500_000_000, 1_500_000_001, 1_500_000_002_000], time_unit="s")
    assert data.parts["all"].times.tolist()[2] == 1_500_000_002_000  # year 49,503 and no traceback
    assert data.card["times"]["last"] == "1.5e+12"
    assert "1 of 3 times is more than a year from now" in data.card["warnings"][0]


def test_times_that_cannot_be_true_are_counted(tmp_path, caplog):
    data = table(tmp_path, [-5, 0, 1_500_000_000, 9_000_000_000, -62_135_596_800])
    assert "3 of 5 times are before 1990" in data.card["warnings"][0]
    assert "1 of 5 times is more than a year from now" in data.card["warnings"][1]
    assert all(text in caplog.text for text in data.card["warnings"])
    assert data.card["times"]["first"] == "-6.21356e+10"
    assert "2 of 3 times are negative" in table(tmp_path, [-5, -1, 3]).card["warnings"][0]


def test_an_unknown_unit():
    with pytest.raises(UserError, match=r"data\.reader\.time_unit=min: wanted auto, s, ms, us, ns"):
        choose_unit(np.array([1.0]), "min", dates=False)


@pytest.mark.parametrize(
    ("time", "text"),
    [
        (12.5, "12.5"),
        (-1e8, "1966-10-31 14:13:20"),
        (1.5e12, "1.5e+12"),
        (-1e300, "-1e+300"),
        (99_999_999_999, "5138-11-16 09:46:39"),
    ],
)
def test_moment_of_any_number(time, text):
    assert format_time(time) == text


def test_dates_say_so(tmp_path):
    data = table(tmp_path, ["2020-01-01T00:00:00.5Z", "2020-01-02", "1950-01-01"], time_format="iso")
    assert data.parts["all"].times.tolist() == [1577836800.5, 1577923200.0, -631152000.0]
    assert data.card["times"]["first"] == "1950-01-01 00:00:00"
    assert data.card["times"]["unit"].startswith("dates")
    assert "1 of 3 times is before 1990" in data.card["warnings"][0]


def test_a_bad_date_is_named_by_the_rule_that_reads(tmp_path):
    with pytest.raises(UserError, match=r"line 3, column 't': '2020-02-30' is not a time of the form '%Y-%m-%d'"):
        table(tmp_path, ["2020-01-01", "2020-02-30"], time_format="%Y-%m-%d")


def test_numbers_of_a_parquet_file_by_a_form(tmp_path):
    frame = pl.DataFrame({"user_id": ["a"], "item_id": ["b"], "t": [20140131120000]})
    frame.write_parquet(tmp_path / "x.parquet")
    raw = reader("table", interactions={"all": "x.parquet"}, time="t", time_format="%Y%m%d%H%M%S")(tmp_path)
    assert raw.times.tolist() == [1391169600.0]
    assert "times" in summarise(raw)
