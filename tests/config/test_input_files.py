"""The files of a recipe: other contents are other inputs, at the same place, of the same size, at the same time."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from ltgnn.config.input_files import find_changed, inputs_of
from ltgnn.runs.run_key import key_of
from tests.config.input_files_case import recipe


def test_the_files_that_the_reader_names(folder: Path) -> None:
    assert list(inputs_of(recipe(folder))["data"]) == ["i.csv"]
    del (whole := recipe(folder))["data"]["reader"]["interactions"]
    assert list(inputs_of(whole)["data"]) == ["i.csv", "other.csv"]  # one that names none may read all
    (folder / "i.csv").unlink()
    assert "data" not in inputs_of(recipe(folder))  # it names a file, which is not there


def test_contents_count_and_nothing_else(folder: Path) -> None:
    key = key_of(recipe(folder))
    file = folder / "i.csv"
    before = file.stat()
    file.write_text("u,i\n1,3\n")  # as long as before, and as old
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert key_of(recipe(folder)) != key
    file.write_text("u,i\n1,2\n")
    (folder / "other.csv").write_text("changed")
    assert key_of(recipe(folder)) == key


def test_published_files_are_verified_elsewhere_and_move_no_key(folder: Path) -> None:
    given = recipe(folder)
    given["data"]["files"] |= {"sha256": {"i.csv": "a" * 64}, "folder": str(folder)}
    del given["data"]["files"]["path"]
    assert "data" not in inputs_of(given)
    given["data"]["files"]["sha256"]["i.csv"] = None  # nobody has published it: it counts as it is
    assert list(inputs_of(given)["data"]) == ["i.csv"]


@pytest.mark.parametrize("section", ["features", "score", "lists", "model"])
def test_files_named_anywhere(folder: Path, section: str) -> None:
    file = folder.parent / "vectors.npy"
    file.write_bytes(b"1")
    given = recipe(folder, **{section: str(file) if section == "lists" else {"part": {"path": [str(file)]}}})
    key, recorded = key_of(given), inputs_of(given)
    file.write_bytes(b"2")
    assert key_of(given) != key
    assert find_changed(given, recorded) == {section: [str(file)]}


def test_an_encoder_and_a_run_are_folders(folder: Path) -> None:
    encoder, run = folder.parent / "encoder", folder.parent / "run"
    for place, name, text in ((encoder, "config.json", "{}"), (run, "status.json", json.dumps({"key": "k"}))):
        place.mkdir()
        (place / name).write_text(text)
    given = recipe(folder, features={"encoder": {"model": str(encoder)}, "run": str(run)})
    before = inputs_of(given)
    (encoder / "weights").write_bytes(b"1")
    (run / "run.log").write_text("a line that does not change results")
    after = inputs_of(given)
    assert after["features"][str(encoder)] != before["features"][str(encoder)]
    assert after["features"][str(run)] == before["features"][str(run)]
    (run / "status.json").write_text(json.dumps({"key": "other"}))
    assert inputs_of(given)["features"][str(run)] != before["features"][str(run)]


def test_words_are_no_folders_by_chance(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder.parent)
    (folder.parent / "mine").mkdir()
    given = recipe(
        folder, features={"name": "mine", "separators": "/", "here": ".", "zero": "a\0b", "long": "x" * 5000}
    )
    assert list(inputs_of(given)) == ["data"]
