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
from ltgnn.testing import toy

EVENTS, ITEMS = toy.frames()


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


def test_the_folder_is_named_by_what_it_holds(empty: Path) -> None:
    first = ltgnn.Dataset.from_frames(EVENTS, ITEMS, name="toy")
    again = ltgnn.Dataset.from_frames(EVENTS, ITEMS, name="toy")
    other = ltgnn.Dataset.from_frames(EVENTS, {**ITEMS, "price": [1.0] * len(ITEMS["price"])}, name="toy")
    backwards = ltgnn.Dataset.from_frames({name: column[::-1] for name, column in EVENTS.items()}, ITEMS, name="toy")
    assert first.folder is not None
    assert first.folder.parent == empty / "data/frames"
    assert first.folder == again.folder
    assert len({data.folder for data in (first, other, backwards)}) == 3
    assert ltgnn.load_dataset(str(first.folder)).card["sha256"] == first.card["sha256"]


def test_weights_dates_and_official_parts(empty: Path) -> None:
    events = {"uid": ["a", "a", "b", "b"], "sku": [1, 2, 1, 2], "n": [1.0, 0.0, 2.0, 3.0],
              "date": ["2024-01-01", "2024-01-02", "2024-01-03", "2024-01-04"]}  # fmt: skip
    found = ltgnn.Dataset.from_frames(events, name="w", weight="n")
    pairs = found.parts["all"]
    assert pairs.weights is not None
    assert pairs.times is not None
    assert pairs.weights.tolist() == [1.0, 2.0, 3.0], "the row at 0 is left out"
    assert pairs.times[0].item() == 1704067200.0
    cut = {name: column[:2] for name, column in events.items()}, {name: column[2:] for name, column in events.items()}
    parts = ltgnn.Dataset.from_frames({"train": cut[0], "test": cut[1]}, name="p")
    assert {name: len(part) for name, part in parts.parts.items()} == {"train": 2, "test": 2}
    assert "split=official" in parts.overrides


def test_lists_in_a_column_are_one_text(empty: Path) -> None:
    items = {"item_id": ["i1", "i2"], "genres": [["a", "b"], ["c"]], "released": [1990, 2000]}
    events = {"user_id": ["u", "v"], "item_id": ["i1", "i2"]}
    found = ltgnn.Dataset.from_frames(events, items, name="l")
    assert list(found.item_fields["genres"]) == ["a, b", "c"]
    assert found.item_numbers["released"].tolist() == [1990, 2000]
    named = ltgnn.Dataset.from_frames(events, items, name="l", fields={"topic": "genres"})
    assert (list(named.item_fields), list(named.item_numbers)) == (["topic"], [])


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


def test_names_of_data(empty: Path) -> None:
    with pytest.raises(ltgnn.UserError, match="Did you mean ml100k"):
        ltgnn.load_dataset("ml100")
    with pytest.raises(ltgnn.UserError, match="neither a run"):
        ltgnn.load_dataset(empty)
    with pytest.raises(ltgnn.UserError, match="A frame becomes a data set by"):
        ltgnn.train(pl.DataFrame(EVENTS))  # type: ignore[arg-type]
    with pytest.raises(ltgnn.UserError, match="that no command can name"):
        ltgnn.train(toy.dataset())  # type: ignore[arg-type]
    assert ltgnn.load_dataset("ml100k", {"data.cleaning.min_rating": 5}).overrides[-1] == "data.cleaning.min_rating=5"


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
