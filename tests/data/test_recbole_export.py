"""``--to recbole`` read as RecBole does, by ``pandas.read_csv(delimiter="\\t")``: its quoting is the csv module's."""

import csv

import pytest
import torch

from ltgnn.data.catalog import load
from ltgnn.data.cleaning import Cleaning
from ltgnn.data.export import PANDAS_MISSING, write_recbole
from ltgnn.types import Dataset, Interactions, UserError
from tests.data.readers import reader

TITLES = [
    '"Heroes"',
    '12" record',
    '"',
    '""',
    '"open',
    'a\tb\nc\r"d"',
    "'single'",
    "",
    "NA",
    'x"',
    '"a" b',
    "plain",
    "\\",
]


def made(ids=None, field="title"):
    ids = ids or [f"i{n}" for n in range(len(TITLES))]
    pairs = Interactions(torch.zeros(len(ids), dtype=torch.int64), torch.arange(len(ids)), 1, len(ids))
    titles = (TITLES * 2)[: len(ids)]
    return Dataset("toy", {"all": pairs}, ["u"], ids, {field: titles}, {}, {}, {"city": ['"Bonn"']})


def as_pandas(file):
    """Rows as ``pandas.read_csv(file, delimiter="\\t", dtype=str)`` gives them: no blank lines, "" for missing."""
    with open(file, newline=None, encoding="utf-8") as stream:
        head, *rows = (row for row in csv.reader(stream, delimiter="\t") if row)
    assert all(len(row) == len(head) for row in rows)
    return rows


def test_rows_and_titles(tmp_path):
    data = made()
    write_recbole(tmp_path / "out", data, dict(data.parts), {})
    plain = [" ".join(title.replace("\t", " ").split()) for title in TITLES]
    assert as_pandas(tmp_path / "out/toy.item") == [[id, title] for id, title in zip(data.item_ids, plain, strict=True)]
    assert as_pandas(tmp_path / "out/toy.user") == [["u", '"Bonn"']]
    assert as_pandas(tmp_path / "out/toy.inter") == [["u", id] for id in data.item_ids]


def test_round_trip_by_our_own_reader(tmp_path):
    data = made()
    write_recbole(tmp_path / "out", data, dict(data.parts), {})
    files = {"interactions": {"all": "toy.inter"}, "items": "toy.item", "users": "toy.user"}
    fields = {"item_fields": {"title": "title"}, "user_fields": {"city": "city"}}
    keep = Cleaning(None, None, None, 1, 1, True, True)
    again = load(lambda: tmp_path / "out", reader("recbole", **files, **fields), keep)
    assert again.item_fields["title"] == [" ".join(title.replace("\t", " ").split()) for title in TITLES]
    assert again.user_fields["city"] == ['"Bonn"']


@pytest.mark.parametrize("id", [*sorted(PANDAS_MISSING), "a\tb", "a\nb", " "])
def test_ids_that_pandas_loses_are_refused(tmp_path, id):
    data = made(["x", id])
    with pytest.raises(UserError, match="RecBole cannot read the item id"):
        write_recbole(tmp_path / "out", data, dict(data.parts), {})
    assert not (tmp_path / "out").exists()


def test_fields_that_recbole_cannot_split_are_refused(tmp_path):
    data = made(field="title:en")
    with pytest.raises(UserError, match="a field called 'title:en'"):
        write_recbole(tmp_path / "out", data, dict(data.parts), {})
