"""Frames to a folder: written as files, read and cleaned as ``ltgnn data import`` does, kept by what they hold."""

from __future__ import annotations

from pathlib import Path

import pytest

import ltgnn
from ltgnn.types import UserError
from tests.experiment.dataset_case import EVENTS, ITEMS


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


def test_fields_of_events(empty: Path) -> None:
    events = {"uid": ["a", "a", "b"], "sku": [1, 2, 1], "where": ["web", None, "store"], "device": [1, 2, 1]}
    found = ltgnn.Dataset.from_frames(events, name="e", event_fields={"channel": "where", "device": "device"})
    fields = found.parts["all"].fields
    assert fields["channel"].counts == {"store": 1, "unknown": 1, "web": 1}
    assert fields["device"].counts == {"1": 2, "2": 1}
    assert ltgnn.Dataset.from_frames(events, name="e").parts["all"].fields == {}
    with pytest.raises(UserError, match="event_fields='shop': interactions has no such column"):
        ltgnn.Dataset.from_frames(events, name="e", event_fields=["shop"])
