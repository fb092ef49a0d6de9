"""Interpolations that the yaml tree uses."""

from __future__ import annotations

import hashlib

import pytest
from omegaconf import OmegaConf

from ltgnn.config import resolvers


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("${pad:7}", "007"),
        ("${run_hash:dim}", hashlib.sha256(b"dim").hexdigest()[:8]),
        ("${mode:val/ndcg@20}", "max"),
    ],
)
def test_values(text: str, value: str) -> None:
    resolvers.register()
    resolvers.register()  # harmless
    assert OmegaConf.create({"x": text}).x == value
