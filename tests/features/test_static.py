"""Static embeddings against the mean of the word vectors by hand."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.numpy import save_file
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace

from ltgnn.features.static import Static

WORDS = {"[UNK]": 0, "[PAD]": 1, "red": 2, "soap": 3, "comb": 4}
VECTORS = np.arange(15, dtype=np.float32).reshape(5, 3)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    tokenizer = Tokenizer(WordLevel(WORDS, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = Whitespace()
    tokenizer.save(str(tmp_path / "tokenizer.json"))
    save_file({"embeddings": VECTORS}, tmp_path / "model.safetensors")
    (tmp_path / "config.json").write_text(json.dumps({"normalize": False, "model_type": "model2vec"}))
    return tmp_path


def test_a_text_is_the_mean_of_its_words(folder: Path) -> None:
    values = Static(str(folder), revision=None, local_files_only=True, max_length=512)(["red soap", "comb", ""])
    wanted = np.stack([(VECTORS[2] + VECTORS[3]) / 2, VECTORS[4], np.zeros(3)])
    torch.testing.assert_close(values, torch.from_numpy(wanted).float())


def test_identity_follows_the_weights(folder: Path) -> None:
    before = Static(str(folder), None, True, 512).identity
    save_file({"embeddings": VECTORS + 1}, folder / "model.safetensors")
    assert Static(str(folder), None, True, 512).identity["weights"] != before["weights"]
