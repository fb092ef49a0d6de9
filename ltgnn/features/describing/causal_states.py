"""Hidden states of a causal language model as vectors of texts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from annotated_types import Ge

from ltgnn.features.encoders import HuggingFace
from ltgnn.features.precision import Dtype


class CausalStates(HuggingFace):
    """Pooled hidden states of a causal language model, which may be a GGUF file.

    ``gguf_file``: the file that holds weights and tokenizer; null: safetensors. All else as in
    :class:`ltgnn.features.encoders.HuggingFace`. A state has seen the tokens before it only: ``mean`` weighs them all,
    ``last`` is the one that has seen the whole text.
    """

    def __init__(
        self,
        model: str | Sequence[str],
        gguf_file: str | None,
        weights_sha256: str | None,
        revision: str | None,
        local_files_only: bool,
        pooling: Literal["mean", "cls", "max", "last"],
        layer: int,
        max_length: Annotated[int, Ge(3)],
        prompt: str,
        dtype: Dtype,
        batch_tokens: Annotated[int, Ge(1)],
        device: str,
    ) -> None:
        super().__init__(
            model,
            weights_sha256,
            revision,
            local_files_only,
            pooling,
            layer,
            max_length,
            prompt,
            dtype,
            batch_tokens,
            device,
        )
        self.gguf_file = gguf_file

    def tokenize(self, tokenizer: Any, texts: Sequence[str]) -> list[list[int]]:
        """As the base; a text without a token, of which no state could be pooled, is the one that ends texts."""
        end = tokenizer.eos_token_id
        return [ids or [0 if end is None else end] for ids in super().tokenize(tokenizer, texts)]
