"""What ``ltgnn data import`` says of a file that it cannot read as asked: what is wrong, and an option that it has."""

import json
from pathlib import Path

import pytest

from ltgnn.commands.data import main
from ltgnn.data.columns import Column, Kind
from ltgnn.data.jsonlines import JsonLines
from ltgnn.types import UserError
from tests.data.readers import reader

ROWS = [f"u{user},i{(user + n) % 5},{1_600_000_000 + n}" for user in range(4) for n in range(3)]
HEAD = "user_id,item_id,time\n"
TEXT = HEAD + "\n".join(ROWS) + "\n"


def said(text, *options, name="e.csv"):
    """The message of an import of this text."""
    Path(name).write_text(text)
    with pytest.raises(UserError) as caught:
        main(["import", name, *options, "--out", "out"])
    assert not Path("out").exists()
    return str(caught.value)


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def test_names_for_a_file_that_has_them():
    """Else its first line would be an interaction of the user "user_id"."""
    got = said(TEXT, "--names", "user_id,item_id,time")
    assert "e.csv, line 1: the names given for the columns stand here (user_id, item_id, time). " in got
    assert "Leave out --names" in got
    assert "line 3: " in said("# by hand\n\n" + TEXT, "--names", "x,item_id,y", "--user", "x")
    assert "--names: a repeated name: item_id." in said(TEXT, "--names", "user_id,item_id,item_id")


def test_a_file_without_names():
    for text in (TEXT.partition("\n")[2], "u1,i1,3\n"):
        got = said(text)
        assert "The first line looks like data. Name its columns by --names user,item,... (a name for each)." in got


@pytest.mark.parametrize("option", ["--field", "--number"])
def test_columns_of_items_without_their_file(option):
    assert said(TEXT, option, "title=name").endswith("(title), but no file of items: --items FILE")
    Path("x.inter").write_text("user_id:token\titem_id:token\na\t1\n")
    with pytest.raises(UserError, match=r"no file of items: data\.reader\.items=NAME\.item"):
        reader("recbole", interactions={"all": "x.inter"}, item_fields={"title": "title"})(Path())


@pytest.mark.parametrize("given", ["--item-key sku", "--item-names a,b", "--first-counts", "--keep-unknown"])
def test_options_about_items_without_their_file_are_refused(given):
    option, *_ = words = given.split()
    assert said(TEXT, *words).startswith(f"{option} is about the file of items, and none was given: add --items FILE")


def test_rows_without_an_id_name_the_option():
    assert said(TEXT + ",i1,1\n").endswith("Correct the row or delete it. To drop such rows: --drop-incomplete")
    assert "'NA'" in said(TEXT + "NA,i1,1\n", "--missing", "NA")
    Path("x.inter").write_text("user_id:token\titem_id:token\na\t1\n\t2\n")
    with pytest.raises(UserError, match=r"drop such rows: data\.reader\.drop_incomplete=true"):
        reader("recbole", interactions={"all": "x.inter"})(Path())
    Path("ratings.csv").write_text("userId,movieId,rating,timestamp\n,1,5,1\n")  # a reader without the option
    Path("movies.csv").write_text("movieId,title,genres\n1,a,b\n")
    with pytest.raises(UserError) as caught:
        reader("ml_latest_small", ratings="ratings.csv", movies="movies.csv")(Path())
    assert "drop_incomplete" not in str(caught.value)


def test_forms_of_dates_are_named_for_times_only():
    rated = "user_id,item_id,rating\nu1,i1,a lot\n"
    assert "--time-format" not in said(rated, "--rating", "rating")
    assert "--time-format iso" in said(HEAD + "u1,i1,2020-01-01\n", "--time", "time")
    got = said(HEAD + "u1,i1,x\n", "--time", "time", "--time-format", "iso")
    assert got.endswith("set --time-format (iso for ISO 8601; omit it for a number of seconds).")


def test_a_threshold_without_ratings_and_signs_that_are_none():
    assert "--min-rating is given, but the reader has no ratings (--rating)" in said(TEXT, "--min-rating", "1")
    assert said(TEXT, "--separator", ";;;").endswith("wanted one or two signs.")
    assert said(TEXT, "--escape", "ab").endswith("wanted one sign.")


def test_keys_that_no_object_has():
    got = said('{"data": [1]}\n', name="e.json")
    assert "the object has: 'data'. Correct the line or the column names (--user, " in got


def test_numbers_of_json_read_the_same_in_every_form(tmp_path):
    """A whole number that was written as a float is one id, whichever way the file is read."""
    numbers = ["0.0", "7.0", "1e3", "1.5", "9007199254740993", "12345678901234567890"]
    lines = [f'{{"id": {number}}}' for number in numbers]
    forms = {
        "lines": "\n".join(lines),
        "array": "[" + ",\n".join(lines) + "]",
        "literal": "{'id': '0'}\n" + "\n".join(lines),
    }
    for name, text in forms.items():
        Path(name).write_text(text)
        ids = JsonLines(tmp_path / name).read({"id": Column("id", Kind.ID)}).frame["id"].to_list()
        assert ids[-6:] == ["0", "7", "1000", "1.5", "9007199254740993", "12345678901234567890"], name


def test_all_beside_official_parts():
    for name in ("all", "train"):
        Path(name).write_text(TEXT)
    with pytest.raises(UserError, match=r"wanted all, or train, val, test.*'~data\.reader\.interactions\.all'"):
        reader("table", interactions={"all": "all", "train": "train"})(Path())


def test_the_report_says_which_times_and_stays_a_table(capsys):
    Path("e.csv").write_text(TEXT)
    options = ["--time", "time", "--repeats", "sum", "data.cleaning.since=2020-01-01"]
    assert main(["import", "e.csv", *options, "--out", "out"]) == 0
    lines = capsys.readouterr().out.splitlines()
    table = [line for line in lines if line.startswith(("  filter", "  as read", "  times from", "  repeated pairs"))]
    assert len(table) == 4
    assert len({len(line) for line in table}) == 1
    names = [step["filter"] for step in json.loads(Path("out/data_card.json").read_text())["cleaning"]]
    assert names[1] == "times from 2020-01-01"
    assert main(["import", "e.csv", "--time", "time", "data.cleaning.until=2030-01-01", "--out", "two"]) == 0
    assert "  times before 2030-01-01  " in capsys.readouterr().out


def test_features_of_mmrec_that_are_not_there():
    Path("x.inter").write_text("userID\titemID\tx_label\n0\t0\t0\n1\t0\t1\n2\t0\t2\n")
    with pytest.raises(UserError, match=r"text_feat\.npy.*to do without: '~data\.reader\.vectors\.text'"):
        reader("mmrec", interactions="x.inter")(Path())
    for none in ({}, None):
        assert len(reader("mmrec", interactions="x.inter", vectors=none)(Path())) == 3
    options = ["data.files.path=.", "data.name=x", "~data.reader.vectors.text"]
    assert main(["import", "mmrec", *options, "--out", "out"]) == 0
