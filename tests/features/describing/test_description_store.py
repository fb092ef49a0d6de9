"""Descriptions on disk: cut lines, changed bytes, other prompts."""

import json
import logging
from pathlib import Path

import pytest

from ltgnn.features.describing.description import Description
from ltgnn.features.describing.description_store import DescriptionStore, text_key
from ltgnn.io.atomic_write import Unwritable

IDENTITY = {"writer": {"class": "Stub"}, "prompt": "x {item}"}
ONE = Description({"uses": "süß \n \ud800".replace("\ud800", "?")}, False, 2, 30, 7, 0.5)
TWO = Description({"uses": "b", "description": "c"}, True, 1, 3, 4, 0.25)


def add(store: DescriptionStore, **found: Description) -> Path:
    with store.writing(IDENTITY) as file:
        file.add(found)
    return store.path(IDENTITY)


def test_what_is_added_is_found(tmp_path: Path) -> None:
    store = DescriptionStore(tmp_path / "new")
    assert store.find(IDENTITY) == {}
    add(store, a=ONE)
    path = add(store, b=TWO)
    assert store.find(IDENTITY) == {"a": ONE, "b": TWO}
    assert store.find({**IDENTITY, "prompt": "y {item}"}) == {}
    assert json.loads(path.read_text().splitlines()[0]) == {"identity": IDENTITY}


def test_a_line_that_was_cut_is_written_anew_and_harms_no_other(tmp_path: Path) -> None:
    store = DescriptionStore(tmp_path)
    add(store, a=ONE)
    path = add(store, b=TWO)
    whole = path.read_bytes()
    begin = whole.rindex(b"\n", 0, -1) + 1
    for end in range(begin, len(whole)):
        path.write_bytes(whole[:end])
        assert set(store.find(IDENTITY)) == ({"a", "b"} if end == len(whole) - 1 else {"a"})
        add(store, c=TWO)
        assert {"a": ONE, "c": TWO}.items() <= store.find(IDENTITY).items()


def test_a_changed_byte_is_seen(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    store = DescriptionStore(tmp_path)
    path = add(store, a=ONE, b=TWO)
    path.write_bytes(path.read_bytes().replace(b'"description": "c"', b'"description": "d"'))
    with caplog.at_level(logging.WARNING):
        assert store.find(IDENTITY) == {"a": ONE}
    assert "1 lines are damaged" in caplog.text


def test_a_folder_that_cannot_be_written_is_said_before_anything_is_asked(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(Unwritable, match="LTGNN_CACHE"), DescriptionStore(tmp_path / "file" / "in").writing(IDENTITY):
        raise AssertionError("nothing may be asked")


def test_the_hash_of_a_text_is_sha256() -> None:
    assert text_key("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert len(text_key("\ud800")) == 64
