"""What a store keeps besides features, by the folders that its users write."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import torch
from filelock import FileLock

from ltgnn.features.describing.description import Description
from ltgnn.features.describing.description_store import DescriptionStore, text_key
from ltgnn.features.encoded_parts import EncodedParts
from ltgnn.features.image_download import files_of
from ltgnn.features.item_images import ItemImages
from ltgnn.features.store import FeatureStore
from ltgnn.features.store_folders import find_stored, in_words
from ltgnn.features.store_use import uses
from ltgnn.features.transform import Centre, Keep
from ltgnn.features.vision import Vision
from ltgnn.testing import toy
from tests.features.images_case import draw_all, files, shop

IDENTITY = {"writer": {"class": "Model", "model": "small"}, "prompt": "Item: {item}", "parts": ["uses"]}


def fill(home: Path) -> Path:
    """Features, encoded images, downloads and descriptions; the folder of the store."""
    folder = home / "text"
    FeatureStore(folder).get({"encoder": {"class": "Words"}}, ["a"], lambda: torch.ones(2, 3), lambda _: {})
    EncodedParts(folder / "images" / "k1").write(["00" * 32], torch.ones(1, 4))
    (folder / "downloads").mkdir()
    files_of("http://a/1.png", folder / "downloads")[0].write_bytes(b"12345")
    files_of("http://a/2.png", folder / "downloads")[1].write_text("server answered 404")
    with DescriptionStore(home / "descriptions").writing(IDENTITY) as file:
        file.add({text_key(text): Description({"uses": text}, True, 1, 2, 3, 0.1) for text in ("a", "b")})
    return folder


def test_all_kinds_are_listed_with_sizes(tmp_path: Path) -> None:
    found = {entry.kind: entry for entry in find_stored(fill(tmp_path))}
    assert list(found) == ["features", "encoded images", "downloads", "descriptions"]
    assert [entry.size for entry in found.values()] == ["2 x 3", "1 file", "1 image, 1 failed", "2 texts"]
    assert found["downloads"].bytes == len(b"12345") + len("server answered 404")
    assert found["descriptions"].source == "Model small"
    assert found["descriptions"].template == "Item: {item}"
    assert all(entry.damage() is None for entry in found.values())
    assert in_words(list(found.values())).endswith("1 folder of downloads, 1 file of descriptions")
    assert in_words([]) == "0 sets of features"


def test_days_are_those_of_the_file_that_was_read_last(tmp_path: Path) -> None:
    downloads = next(entry for entry in find_stored(fill(tmp_path)) if entry.kind == "downloads")
    now = time.time()
    for path, days in zip(downloads.files, (40, 9), strict=True):
        os.utime(path, (now - days * 86400, now - days * 86400))
    assert 8.9 < downloads.days < 9.1
    assert downloads.made == time.strftime("%Y-%m-%d", time.localtime(now - 40 * 86400))


def test_damage_and_removal(tmp_path: Path) -> None:
    folder = fill(tmp_path)
    (part,) = (folder / "images" / "k1").glob("*.safetensors")
    part.write_bytes(b"rubbish")
    (lines,) = (tmp_path / "descriptions").glob("*.jsonl")
    lines.write_bytes(lines.read_bytes().replace(b'"uses": "b"', b'"uses": "c"'))
    found = {entry.kind: entry for entry in find_stored(folder)}
    assert found["encoded images"].damage() == "1 damaged part of 1"
    assert found["descriptions"].damage() == "1 damaged line of 2"
    lines.write_bytes(b"nothing\n")
    assert find_stored(folder)[-1].damage() == "no readable first line"
    for entry in found.values():
        entry.remove()
    assert not find_stored(folder)
    assert not (folder / "images" / "k1").exists()
    assert not list((tmp_path / "descriptions").iterdir())


def test_who_writes_is_seen(tmp_path: Path) -> None:
    entry = find_stored(fill(tmp_path))[-1]
    assert not entry.is_busy()
    with FileLock(entry.path.with_suffix(".lock")):
        assert entry.is_busy()
    assert not entry.is_busy()


def test_marks_are_those_in_the_cards_of_features(tmp_path: Path, vision: Callable[..., Vision]) -> None:
    """Of real image features, after a transform, and of a card with descriptions."""
    store = FeatureStore(tmp_path / "text")
    source = ItemImages(files(tmp_path / "images"), vision(), store, Keep(), Centre())
    made = source(shop(draw_all(tmp_path / "images")), toy.interactions().item_counts)
    fill(tmp_path / "other")
    (written,) = (tmp_path / "other/descriptions").rename(tmp_path / "descriptions").glob("*.jsonl")
    entries = {entry.kind: entry for entry in find_stored(tmp_path / "text")}
    assert set(entries) == {"features", "encoded images", "descriptions"}
    used = uses({"parts": {"images": made.card, "words": {"described": {**IDENTITY, "text": "{item}", "cost": {}}}}})
    assert entries["features"].marks & used
    assert entries["encoded images"].marks <= used
    assert "downloads" in used
    assert written.stem == entries["descriptions"].key
    assert not entries["descriptions"].marks & used  # IDENTITY lacks parts of a describer's
    whole = {**IDENTITY, "again": None, "longest": 9, "reading": 1}
    assert DescriptionStore(tmp_path).path(whole).stem in {
        mark.removeprefix("descriptions/") for mark in uses({"described": {**whole, "text": "", "cost": {}}})
    }
    assert not {mark for entry in entries.values() for mark in entry.marks} & uses({"key": "k", "sha256": "s"})
