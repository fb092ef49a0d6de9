"""A writer without a model, and a tiny Llama made on the spot."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

from ltgnn.features.describing.causal_lm import CausalLM
from ltgnn.features.describing.describer import Describer
from ltgnn.features.describing.description_store import DescriptionStore
from ltgnn.features.describing.text_writer import Answer, TextWriter

PROMPT = "Describe.\nItem: {item}\n"
PARTS = ["description", "uses"]


class StubWriter(TextWriter):
    """Answers by a function of the prompt; ``asked`` are the prompts that it got, batch by batch."""

    def __init__(self, answer: Callable[[str], str], batch_size: int = 2, name: str = "stub") -> None:
        self.answer, self.batch_size, self.name = answer, batch_size, name
        self.asked: list[list[str]] = []

    @property
    def identity(self) -> Mapping[str, Any]:
        return {"class": "StubWriter", "name": self.name}

    def __call__(self, prompts: Sequence[str]) -> list[Answer]:
        self.asked.append(list(prompts))
        return [Answer(self.answer(prompt), len(prompt), 10) for prompt in prompts]


def echo(prompt: str) -> str:
    """A whole answer that names the item."""
    item = prompt.partition("Item: ")[2].splitlines()[0]
    return f"Description: the {item} of the shop\nUses: using {item}"


def make_describer(writer: TextWriter, folder: Path, **changes: Any) -> Describer:
    options: dict[str, Any] = {
        "prompt": PROMPT, "again": "Again.\n", "parts": PARTS, "longest": 100, "price_in": None, "price_out": None,
        "store": DescriptionStore(folder),
    }  # fmt: skip
    return Describer(writer, **{**options, **changes})


def make_causal_lm(folder: Path, **changes: Any) -> CausalLM:
    options: dict[str, Any] = {
        "model": str(folder), "gguf_file": None, "weights_sha256": None, "revision": None, "local_files_only": True,
        "chat": False, "answer_start": "", "stop": [], "max_new_tokens": 12, "repetition_penalty": 1.0,
        "batch_size": 4, "dtype": "float32", "device": "cpu",
    }  # fmt: skip
    return CausalLM(**{**options, **changes})


HEADS, LAYERS, WIDTH = 2, 2, 16


def write_tiny_llama(folder: Path) -> Any:
    """A random Llama of 2 layers that reads bytes, and its tokenizer; returns the model."""
    from tokenizers import Tokenizer
    from tokenizers.decoders import ByteLevel as Decoder
    from tokenizers.models import BPE
    from tokenizers.pre_tokenizers import ByteLevel
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    words = [*sorted(ByteLevel.alphabet()), "ab", "<end>"]
    tokenizer = Tokenizer(BPE({word: n for n, word in enumerate(words)}, [("a", "b")]))
    tokenizer.pre_tokenizer = ByteLevel(add_prefix_space=False)
    tokenizer.decoder = Decoder()
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token="<end>", pad_token="<end>")
    fast.chat_template = "{% for m in messages %}[{{ m['role'] }}] {{ m['content'] }}{% endfor %}[assistant]"
    fast.save_pretrained(folder)
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=len(words), hidden_size=WIDTH, num_hidden_layers=LAYERS, num_attention_heads=HEADS,
        num_key_value_heads=HEADS, intermediate_size=32, max_position_embeddings=128, eos_token_id=len(words) - 1,
        pad_token_id=len(words) - 1, bos_token_id=None, initializer_range=0.5, rms_norm_eps=1e-6,
        tie_word_embeddings=False,
    )  # fmt: skip
    model = LlamaForCausalLM(config).eval()
    model.save_pretrained(folder)
    return model


def write_gguf(file: Path, model: Any) -> None:
    """The same Llama as one GGUF file, as llama.cpp's converter lays it out."""
    from gguf import GGUFWriter, TokenType
    from tokenizers.pre_tokenizers import ByteLevel

    config = model.config
    words = [*sorted(ByteLevel.alphabet()), "ab", "<end>"]
    writer = GGUFWriter(str(file), "llama")
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(WIDTH)
    writer.add_block_count(LAYERS)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(HEADS)
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    writer.add_rope_freq_base(10000.0)
    writer.add_vocab_size(len(words))
    writer.add_tokenizer_model("gpt2")
    writer.add_token_list(words)
    writer.add_token_types([TokenType.NORMAL] * (len(words) - 1) + [TokenType.CONTROL])
    writer.add_token_merges(["a b"])
    writer.add_eos_token_id(len(words) - 1)
    writer.add_pad_token_id(len(words) - 1)
    names = {
        "model.embed_tokens": "token_embd", "model.norm": "output_norm", "lm_head": "output",
        "input_layernorm": "attn_norm", "post_attention_layernorm": "ffn_norm", "self_attn.q_proj": "attn_q",
        "self_attn.k_proj": "attn_k", "self_attn.v_proj": "attn_v", "self_attn.o_proj": "attn_output",
        "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up", "mlp.down_proj": "ffn_down", "model.layers.": "blk.",
    }  # fmt: skip
    for name, weight in model.state_dict().items():
        values = weight.float().numpy()
        if name.endswith(("q_proj.weight", "k_proj.weight")):  # pairs of the rotation lie side by side there
            rows = values.shape[0]
            values = values.reshape(HEADS, 2, rows // HEADS // 2, -1).swapaxes(1, 2).reshape(rows, -1)
        for ours, theirs in names.items():
            name = name.replace(ours, theirs)
        writer.add_tensor(name, values.copy())
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


BUYERS: dict[str, list[str]] = {}
"""Title -> ids of users, for ``gossip``."""


def gossip(prompt: str) -> str:
    """An answer that names who has the item."""
    item = prompt.partition("Item: ")[2].splitlines()[0]
    return f"Description: {item}\nUses: of {' '.join(BUYERS.get(item, ['nobody']))}"
