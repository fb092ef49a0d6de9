"""Data sets from frames: what ``ltgnn data import`` makes of the same rows in files."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pytest

import ltgnn
from ltgnn.commands.data import main as data_command
from tests.experiment.dataset_case import EVENTS, ITEMS


def test_frames_and_files_are_the_same_data(empty: Path) -> None:
    """Oracle: the command on the same rows as CSV."""
    pl.DataFrame(EVENTS).write_csv("events.csv")
    pl.DataFrame(ITEMS).write_csv("items.csv")
    words = "import events.csv --items items.csv --time timestamp --field title=title --number price=price --out there"
    assert data_command([*words.split(), "--user-core", "5"]) == 0
    theirs = ltgnn.load_dataset("there")
    ours = ltgnn.Dataset.from_frames(EVENTS, ITEMS, name="there", user_core=5)
    assert ours.card["sha256"] == theirs.card["sha256"]
    assert ours.num_users == theirs.num_users == 40
    assert list(ours.item_fields["title"]) == list(theirs.item_fields["title"])
    assert ours.item_numbers["price"].equal(theirs.item_numbers["price"])


@pytest.mark.parametrize("kind", [pl.DataFrame, pd.DataFrame])
def test_the_kind_of_frame_does_not_matter(empty: Path, kind: Any) -> None:
    ours = ltgnn.Dataset.from_frames(kind(EVENTS), kind(ITEMS), name="toy")
    assert ours.overrides == ltgnn.Dataset.from_frames(EVENTS, ITEMS, name="toy").overrides


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"interactions": {"who": ["a"], "what": ["b"]}}, "which column has the ids of the users"),
        ({"item": "sku"}, "item='sku': interactions has no such column"),
        ({"fields": "title"}, r"'title' given, a list of columns wanted: \['title'\]"),
        ({"fields": ["name"]}, "fields='name': items has no such column"),
        ({"items": None, "fields": ["title"]}, "none was given: items="),
        ({"items": {"item_id": ["i1"], "title": ["x"]}}, r"interactions, row \d+, column 'item_id'.*keep_unknown=True"),
        ({"items": {"item_id": ["i1", "i1"], "title": ["x", "y"]}}, "items, row 1.*first_counts=True"),
        ({"interactions": {**EVENTS, "user_id": [None, *EVENTS["user_id"][1:]]}}, "drop_incomplete=True"),
        ({"interactions": {**EVENTS, "timestamp": ["soon"] * len(EVENTS["user_id"])}}, "interactions, row 1.*time"),
        ({"min_rating": 3}, "min_rating is set, but the reader has no ratings"),
        ({"user_core": 99}, "No interactions are left.*Loosen since, until, min_rating, user_core or item_core"),
        ({"user_core": "many"}, "user_core"),
    ],
)  # fmt: skip
def test_bad_input_names_frames_and_arguments(empty: Path, arguments: dict[str, Any], said: str) -> None:
    with pytest.raises(ltgnn.UserError, match=said) as caught:
        ltgnn.Dataset.from_frames(**({"interactions": EVENTS, "items": ITEMS} | arguments))
    assert "data.reader" not in str(caught.value)
    assert "ltgnn-frames-" not in str(caught.value)


def test_loading_leaves_hydra_and_logging_alone(empty: Path) -> None:
    from hydra import compose, initialize_config_dir
    from hydra.core.global_hydra import GlobalHydra

    (empty / "mine.yaml").write_text("a: 1\n")
    handlers = list(logging.getLogger().handlers)
    with initialize_config_dir(str(empty), version_base="1.2"):
        mine = GlobalHydra.instance().hydra
        ltgnn.Dataset.from_frames(EVENTS, ITEMS, name="toy")
        assert GlobalHydra.instance().hydra is mine
        assert compose("mine").a == 1
    assert logging.getLogger().handlers == handlers
