"""Times written as text: each directive as Python's strptime, ISO 8601, and forms that are refused."""

from datetime import UTC, datetime

import polars as pl
import pytest

from ltgnn.data.dates import fits, seconds
from ltgnn.types import UserError
from tests.data.bad_input_case import HEADER, message, write

MOMENTS = [datetime(2014, 1, 31, 12, 5, 9, 250_000), datetime(1999, 12, 3, 0, 59), datetime(2020, 2, 29, 23)]

FORMS = [
    "%Y-%m-%d",
    "%Y-%m-%d %H:%M:%S",
    "%Y-%m-%d %H:%M:%S.%f",
    "%d/%m/%y %H:%M",
    "%Y%m%d%H%M%S",
    "%d %b %Y",
    "%A, %d %B %Y",
    "%a %b %d %H:%M:%S %Y",
    "%I:%M %p %d.%m.%Y",
    "%I %p %d.%m.%Y",
    "%Y %j",
    "%Y-%m-%d %H",
    "%Y-%m",
    "%Y-%m-%dT%H:%M:%S%z",
    "%Y-%m-%dT%H:%M:%S.%f%z",
    "%% %Y-%m-%d",
]


def of(texts, form):
    return (
        pl.DataFrame({"t": pl.Series(texts, dtype=pl.String)}).select(seconds(pl.col("t"), form)).to_series().to_list()
    )


def by_strptime(text, form):
    moment = datetime.strptime(text, form)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


@pytest.mark.parametrize("form", FORMS)
def test_as_strptime(form):
    texts = [moment.replace(tzinfo=UTC).strftime(form) for moment in MOMENTS]
    assert of(texts, form) == [by_strptime(text, form) for text in texts]
    assert all(fits(text, form) for text in texts)
    assert of(["soon", "", None], form) == [None, None, None]
    assert not fits("soon", form)


@pytest.mark.parametrize("year", [0, 38, 68, 69, 70, 99])
def test_years_of_two_digits(year):
    assert of([f"03/02/{year:02}"], "%d/%m/%y") == [by_strptime(f"03/02/{year:02}", "%d/%m/%y")]


def test_zones():
    form = "%Y-%m-%dT%H:%M:%S%z"
    texts = ["2014-01-31T12:00:00Z", "2014-01-31T13:00:00+01:00", "2014-01-31T06:30:00-0530"]
    assert of(texts, form) == [1391169600.0] * 3 == [by_strptime(text, form) for text in texts]


def test_a_year_of_two_digits_is_not_the_year_14():
    assert of(["14-02-20"], "%Y-%m-%d") == [None]


@pytest.mark.parametrize(
    ("form", "why"),
    [
        ("%H:%M", "names no year"),
        ("%Y-%m-%d %Z", "%Z is not read"),
        ("%Q", "%Q is not read"),
        ("%Y-%m-%d %H:%M:%S,%f", "after a dot only"),
        ("%Y-%m-%d %I:%M", "need each other"),
        ("%Y-%m-%d %M", "%M without %H"),
        ("%Y-%m-%d %H:%S", "%S without %M"),
        ("%Y %", "% is not read"),
    ],
)
def test_refused_forms(form, why):
    with pytest.raises(UserError, match=r"data\.reader\.time_format=") as caught:
        of(["2014"], form)
    assert why in str(caught.value)
    assert "time_format=iso" in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "2014-01-31",
        "2014-01-31 12:30",
        "2014-01-31T12:00:00",
        "2014-01-31T12:00:00.5",
        "2014-01-31T12:00:00Z",
        "2014-01-31T12:00:00.123456+01:00",
        "2014-01-31T12:00:00-0530",
    ],
)
def test_iso(text):
    moment = datetime.fromisoformat(text)
    wanted = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    assert of([text], "iso") == [wanted]


def test_no_iso():
    assert of(["2014-02-30", "2014-01-31T25:00", "31.01.2014", "x", ""], "iso") == [None] * 5
    assert of(["2014-01-31 12:00:00 UTC"], "iso") == [1391169600.0]


def test_dates(tmp_path):
    write(tmp_path, HEADER + "a,1,2020-01-01\nb,1,01/02/2020\n")
    assert "time_format='%Y-%m-%d %H:%M:%S'" in message(tmp_path, time="time")
    got = message(tmp_path, time="time", time_format="%Y-%m-%d")
    assert "line 3, column 'time': '01/02/2020' is not a time of the form '%Y-%m-%d'" in got
