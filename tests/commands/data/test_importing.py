"""``ltgnn data import``: the options of the command line as keys of the reader, and what it prints."""

import json
from pathlib import Path

import polars as pl
import pytest

from ltgnn.commands.data import main
from ltgnn.experiment.target import target
from ltgnn.types import UserError
from tests.commands.data_case import MAPPING


def test_import_shows_rows_and_the_way_on(imported):
    assert "u00 | sku0 | good 0" in imported
    assert "as read" in imported
    assert "ltgnn train data=processed data.files.path=shop \"data.template='{title}'\"" in imported
    card = json.loads(Path("shop/data_card.json").read_text())
    assert (card["users"], card["items"], card["interactions"]) == (12, 10, 96)
    assert target("shop", []).dataset.item_fields["title"][3] == "good 3"


def test_import_cleans(files, capsys):
    arguments = ["import", "clicks.csv", *MAPPING, "--min-rating", "3", "--user-core", "2", "--out", "liked"]
    assert main(arguments) == 0
    out = capsys.readouterr().out
    assert "rating >= 3" in out
    assert "2-core of users, 1-core of items" in out


def test_import_of_a_named_format(files, capsys):
    pl.read_csv("clicks.csv").rename({"uid": "user_id:token", "sku": "item_id:token"}).select(
        "user_id:token", "item_id:token"
    ).write_csv("toy.inter", separator="\t")
    assert main(["import", "recbole", "data.name=toy", "--out", "toy"]) == 0
    assert len(target("toy", []).dataset.parts["all"]) == 96


def test_import_keeps_fields_of_events(files, capsys):
    frame = pl.read_csv("clicks.csv")
    where = ["web", "store", None] * len(frame)
    frame.with_columns(where=pl.Series(where[: len(frame)])).write_csv("clicks.csv")
    assert main(["import", "clicks.csv", *MAPPING, "--event-field", "channel=where", "--out", "scenes"]) == 0
    assert "event fields" in capsys.readouterr().out
    pairs = target("scenes", []).dataset.parts["all"]
    assert pairs.fields["channel"].counts == {"store": 32, "unknown": 32, "web": 32}
    with pytest.raises(UserError, match="no column 'shop'"):
        main(["import", "clicks.csv", *MAPPING, "--event-field", "channel=shop", "--out", "other"])
    with pytest.raises(UserError, match="--event-field 'shop': expected NAME=COLUMN"):
        main(["import", "clicks.csv", *MAPPING, "--event-field", "shop", "--out", "other"])
