"""CSV files for spreadsheets run no formula, keep numbers, and can be read back."""

import csv

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ltgnn.data.export import write_lists
from ltgnn.evaluation.external_lists import _read
from ltgnn.io.spreadsheet import mark_formula, marked_frame, unmark_formula
from ltgnn.serving.list_output import save
from ltgnn.types import Dataset, Interactions

SIGNS = "=+-@\t\r\n＝＋－＠"


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ('=HYPERLINK("http://x","4")', '\'=HYPERLINK("http://x","4")'),
        ("+1 800", "'+1 800"),
        ("-2+3+cmd|' /C calc'!A0", "'-2+3+cmd|' /C calc'!A0"),
        ("@SUM(1)", "'@SUM(1)"),
        ("\t=1", "'\t=1"),
        ("-5", "-5"),
        ("+5.5e-3", "+5.5e-3"),
        ("'Til There Was You", "'Til There Was You"),
        ("'=1", "''=1"),
        ("a=b", "a=b"),
        ("", ""),
    ],
)
def test_by_hand(text, written):
    assert mark_formula(text) == written
    assert unmark_formula(written) == text


@given(st.lists(st.text(alphabet=SIGNS + "'a1.e ", max_size=6)))
def test_reversible_and_the_same_in_tables(texts):
    cells = marked_frame(pl.DataFrame({"t": pl.Series(texts, dtype=pl.String), "n": range(len(texts))}))["t"].to_list()
    assert cells == [mark_formula(text) for text in texts]
    assert [unmark_formula(cell) for cell in cells] == texts
    for cell in cells:
        assert cell[:1] not in SIGNS or not cell or _is_number(cell)


def _is_number(text):
    try:
        float(text)
    except ValueError:
        return False
    return True


def test_files_of_recommend(tmp_path):
    frame = pl.DataFrame({"user": ["=1+1"], "title": ['=HYPERLINK("http://evil","4")'], "score": [-0.5]})
    save([frame], tmp_path / "x.csv", frame.schema)
    with open(tmp_path / "x.csv", newline="") as stream:
        assert list(csv.reader(stream))[1] == ["'=1+1", '\'=HYPERLINK("http://evil","4")', "-0.5"]
    save([frame], tmp_path / "x.jsonl", frame.schema)
    assert '"=1+1"' in (tmp_path / "x.jsonl").read_text()  # for programs alone


def test_lists_are_marked_and_read_back(tmp_path):
    import torch

    users, items = ["@bob", "=1"], ["+x", "-7", "'=q"]
    pairs = Interactions(torch.tensor([0]), torch.tensor([0]), 2, 3)
    lists = pl.DataFrame({"user": [0, 1], "items": [[0, 1], [2, -1]], "scores": [[2.0, 1.0], [3.0, 0.0]]})
    write_lists(tmp_path / "lists.csv", Dataset("x", {"all": pairs}, users, items), lists)
    assert (tmp_path / "lists.csv").read_text().splitlines()[1:] == ["'@bob,'+x,2.0", "'@bob,-7,1.0", "'=1,''=q,3.0"]
    read_users, read_items, _ = _read(tmp_path / "lists.csv", users, items)
    assert (read_users.tolist(), read_items.tolist()) == ([0, 0, 1], [0, 1, 2])
