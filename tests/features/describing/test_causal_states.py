"""Pooled hidden states against transformers, one text at a time; GGUF against safetensors."""

from pathlib import Path
from typing import Any

import pytest
import torch

from ltgnn.features.describing.causal_states import CausalStates
from ltgnn.features.encoders import HuggingFace

TEXTS = ["red hose, 20 m", "", "ab", "soap", "the longest of these texts, by far"]


def states(folder: Path, **changes: Any) -> CausalStates:
    options: dict[str, Any] = {
        "gguf_file": None, "model": str(folder), "weights_sha256": None, "revision": None, "local_files_only": True,
        "pooling": "mean", "layer": -1, "max_length": 32, "prompt": "", "dtype": "float32", "batch_tokens": 64,
        "device": "cpu",
    }  # fmt: skip
    return CausalStates(**{**options, **changes})


@pytest.mark.parametrize("pooling", ["mean", "last"])
@pytest.mark.parametrize("layer", [-1, 1])
def test_states_of_one_text_at_a_time(tiny_llama: Path, pooling: str, layer: int) -> None:
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer, model = AutoTokenizer.from_pretrained(tiny_llama), AutoModelForCausalLM.from_pretrained(tiny_llama)
    rows = []
    for text in TEXTS:
        ids = tokenizer(text)["input_ids"][:32] or [tokenizer.eos_token_id]
        with torch.no_grad():
            found = model(torch.tensor([ids]), output_hidden_states=True).hidden_states[layer][0]
        rows.append(found.mean(0) if pooling == "mean" else found[-1])
    made = states(tiny_llama, pooling=pooling, layer=layer)(TEXTS)
    torch.testing.assert_close(made, torch.stack(rows), atol=1e-5, rtol=1e-5)


def test_a_gguf_file_has_the_same_states(tiny_llama: Path) -> None:
    whole, packed = states(tiny_llama), states(tiny_llama / "gguf", gguf_file="tiny.gguf")
    torch.testing.assert_close(packed(TEXTS), whole(TEXTS), atol=1e-4, rtol=1e-4)
    assert packed.identity["weights"] != whole.identity["weights"]
    assert packed.reading(TEXTS)["cut"] == 0.25  # the longest, of four that are not empty


def test_safetensors_give_what_features_folder_gives(tiny_llama: Path) -> None:
    made = states(tiny_llama)
    plain = HuggingFace(str(tiny_llama), None, None, True, "mean", -1, 32, "", "float32", 64, "cpu")
    texts = [text for text in TEXTS if text]
    assert torch.equal(made(texts), plain(texts))
    assert made.identity == plain.identity
