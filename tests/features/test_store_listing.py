"""What lies in a feature store, and what killed writers left."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import torch
from safetensors.torch import save_file

from ltgnn.features.store import digest
from ltgnn.features.store_listing import entries, leftovers


def write(folder: Path, key: str, values: torch.Tensor, **card: object) -> None:
    save_file({"values": values}, folder / f"{key}.safetensors")
    (folder / f"{key}.json").write_text(json.dumps({"sha256": digest(values), **card}))


def test_entries_and_their_damage(tmp_path: Path) -> None:
    write(tmp_path, "a", torch.ones(2, 3), identity={"encoder": {"class": "Tfidf", "dim": 8, "weights": "0123456789"}})
    write(tmp_path, "b", torch.ones(2, 3), sha256="other")
    (tmp_path / "c.safetensors").write_bytes(b"no tensors")
    one, two, three = entries(tmp_path)
    assert (one.key, one.source, one.damage()) == ("a", "Tfidf 01234567 8", None)
    assert two.damage() == "the bytes are not those that were written"
    assert three.damage() == "no readable card"
    one.remove()
    assert [entry.key for entry in entries(tmp_path)] == ["b", "c"]


def test_only_old_partial_files_are_left_over(tmp_path: Path) -> None:
    for name in ("old.partial", "new.partial"):
        (tmp_path / name).write_text("")
    long_ago = time.time() - 2 * 86400
    os.utime(tmp_path / "old.partial", (long_ago, long_ago))
    assert [path.name for path in leftovers(tmp_path)] == ["old.partial"]
