"""Static word embeddings (model2vec): a language model distilled to one vector per word; encodes in seconds."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any

import torch
from annotated_types import Ge
from torch import Tensor

from ltgnn.features.model_source import description_hash, locate, weights_hash
from ltgnn.features.token_statistics import sample_texts, token_shares
from ltgnn.types import TextEncoder, UserError


class Static(TextEncoder):
    """A model2vec model (github.com/MinishLab/model2vec): an id, a folder, or a folder inside an installed package."""

    def __init__(
        self,
        model: str | Sequence[str],
        revision: str | None,
        local_files_only: bool,
        max_length: Annotated[int, Ge(1)] | None,
    ) -> None:
        self.sources = [model] if isinstance(model, str) else list(model)
        self.revision, self.local_files_only, self.max_length = revision, local_files_only, max_length

    @cached_property
    def folder(self) -> Path:
        return locate(self.sources, self.revision, self.local_files_only)

    @cached_property
    def identity(self) -> Mapping[str, Any]:
        return {
            "class": "Static",
            "weights": weights_hash(self.folder),
            "description": description_hash(self.folder),
            "max_length": self.max_length,
        }

    def __call__(self, texts: Sequence[str]) -> Tensor:
        """I strings -> [I, D] float32."""
        return self.queries(texts, None)(texts)

    def queries(self, catalogue: Sequence[str], prompt: str | None = None) -> Callable[[Sequence[str]], Tensor]:
        """The same model for other texts, loaded once and kept; it knows no prompt."""
        model = self._model()

        def encode(texts: Sequence[str]) -> Tensor:
            values = model.encode(list(texts), max_length=self.max_length, use_multiprocessing=False)
            return torch.from_numpy(values).float()

        return encode

    def reading(self, texts: Sequence[str]) -> dict[str, float | None]:
        """Shares of the texts that are cut, and of the tokens that are unknown and left out; see ``token_shares``."""
        model, sample = self._model(), sample_texts(texts)
        tokens = [encoding.ids for encoding in model.tokenizer.encode_batch_fast(sample, add_special_tokens=False)]
        return token_shares(sample, tokens, model.unk_token_id, self.max_length, self.max_length)

    def _model(self) -> Any:
        try:
            from model2vec import StaticModel
        except ImportError:
            raise UserError("features=static needs the package model2vec: pip install 'ltgnn[static]'") from None
        return StaticModel.from_pretrained(str(self.folder))
