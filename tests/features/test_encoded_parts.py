"""Parts of an encoding are kept by content, whole or not at all."""

from __future__ import annotations

import hashlib
import logging
from pathlib import Path

import pytest
import torch
from torch import Tensor

from ltgnn.features.encoded_parts import EncodedParts

NAMES = [hashlib.sha256(bytes([n])).hexdigest() for n in range(3)]


def test_what_is_written_is_read(tmp_path: Path) -> None:
    values = torch.randn(3, 4)
    parts = EncodedParts(tmp_path / "parts")
    assert list(parts.read()) == []
    parts.write(NAMES[:2], values[:2])
    parts.write(NAMES[2:], values[2:])
    found: dict[str, Tensor] = {}
    for names, rows in EncodedParts(tmp_path / "parts").read():
        found |= dict(zip(names, rows, strict=True))
    assert found.keys() == set(NAMES)
    assert torch.equal(torch.stack([found[name] for name in NAMES]), values)


def test_a_damaged_part_is_left_out(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    parts = EncodedParts(tmp_path)
    parts.write(NAMES[:1], torch.ones(1, 2))
    parts.write(NAMES[1:], torch.ones(2, 2))
    first, second = sorted(tmp_path.glob("*.safetensors"))
    first.write_bytes(first.read_bytes()[:-1] + b"\x01")
    assert len(list(parts.read())) == 1
    second.write_bytes(b"no such format")
    assert not list(parts.read())
    assert "is damaged" in caplog.text


def test_without_a_folder_the_encoding_goes_on(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "parts").write_text("a file in its place")
    parts = EncodedParts(tmp_path / "parts")
    with caplog.at_level(logging.WARNING):
        parts.write(NAMES[:1], torch.ones(1, 2))
        parts.write(NAMES[1:], torch.ones(2, 2))
    assert caplog.text.count("cannot be written") == 1
