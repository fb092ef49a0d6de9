"""Frozen language models that turn texts into vectors."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import copy
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import Annotated, Any, ClassVar, Literal

import torch
from annotated_types import Ge
from torch import Tensor

from ltgnn.features.model_source import checked_weights, description_hash, locate
from ltgnn.features.pooling import POOLINGS
from ltgnn.features.precision import DTYPES, Dtype, find_device, find_precision, products_in
from ltgnn.features.pretrained import load_model, load_tokenizer
from ltgnn.features.token_statistics import sample_texts, token_shares
from ltgnn.types import TextEncoder, UserError

log = logging.getLogger(__name__)


class HuggingFace(TextEncoder):
    """Any Hugging Face ``AutoModel``: an id, a folder, or a folder inside an installed package.

    ``model``: one source or several, tried in that order (see :func:`ltgnn.features.model_source.locate`).
    ``weights_sha256``: what the weight file must hash to, or None; makes several sources one model.
    ``pooling``: mean, cls, max or last. ``layer``: which hidden state is pooled, -1 the last, 0 the word embeddings.
    ``max_length``: tokens kept of a text, special tokens included. ``prompt``: put before every text ("passage: ").
    ``dtype``: of the weights; "auto": float32, with products in 16 bits where the device is fast at them (see
    :func:`ltgnn.features.precision.find_precision`).
    ``batch_tokens``: tokens per forward pass, padding included; bounds the memory and does not touch the result. Where
    a CUDA device lacks the memory, it is halved.
    ``device``: "auto", "cpu", "cuda" ... Nothing is loaded before the first call. Code from the hub is never run.
    """

    trainable: ClassVar[bool] = True
    gguf_file: str | None = None

    def __init__(
        self,
        model: str | Sequence[str],
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
        if pooling not in POOLINGS:
            raise UserError(f"features.encoder.pooling={pooling} is not one of {', '.join(POOLINGS)}")
        if dtype not in ("auto", *DTYPES):
            raise UserError(f"features.encoder.dtype={dtype} is not one of auto, {', '.join(DTYPES)}")
        if max_length < 3:
            raise UserError(
                f"features.encoder.max_length={max_length} leaves no room besides the special tokens; at least 3"
            )
        self.sources = [model] if isinstance(model, str) else list(model)
        self.weights_sha256 = weights_sha256
        self.revision = revision
        self.local_files_only = local_files_only
        self.pooling = pooling
        self.layer = layer
        self.max_length = max_length
        self.prompt = prompt
        self.dtype = dtype
        self.batch_tokens = batch_tokens
        self.device = device

    @cached_property
    def folder(self) -> Path:
        return locate(self.sources, self.revision, self.local_files_only, self.gguf_file)

    @cached_property
    def identity(self) -> Mapping[str, Any]:
        """What decides the output; reads the files, imports no model code."""
        way_out = "use features=folder for another model"
        weights = checked_weights(self.folder, self.weights_sha256, way_out, self.gguf_file)
        return {
            "class": "HuggingFace",
            "weights": weights,
            "description": description_hash(self.folder),
            "pooling": self.pooling,
            "layer": self.layer,
            "max_length": self.max_length,
            "prompt": self.prompt,
            "dtype": find_precision(self.dtype, self.place),
        }

    @property
    def place(self) -> str:
        """The device that it encodes on."""
        return find_device(self.device)

    def __call__(self, texts: Sequence[str]) -> Tensor:
        """I strings -> [I, D] float32, on the CPU. Equal texts are encoded once."""
        from ltgnn.features.progress import progress

        tokenizer, model = self.load()
        unique = list(dict.fromkeys(texts))
        tokens = self.tokenize(tokenizer, unique)
        with progress("encoding texts", len(unique), "items") as advance:
            values = self.encode_tokens(model, tokens, advance)
        place = {text: row for row, text in enumerate(unique)}
        return values[[place[text] for text in texts]] if len(unique) < len(texts) else values

    def queries(self, catalogue: Sequence[str], prompt: str | None = None) -> Callable[[Sequence[str]], Tensor]:
        """The same model for other texts, loaded once and kept; ``prompt``: before each of them, None: that of items.

        n strings -> [n, D] float32, on the CPU.
        """
        reading = copy(self)
        reading.prompt = self.prompt if prompt is None else prompt
        tokenizer, model = self.load()
        turn = Lock()  # a tokenizer must not be used by two threads at once

        def encode(texts: Sequence[str]) -> Tensor:
            with turn:
                tokens = reading.tokenize(tokenizer, texts)
            return self.encode_tokens(model, tokens)

        return encode

    def tokenize(self, tokenizer: Any, texts: Sequence[str]) -> list[list[int]]:
        """Token numbers of each text, prompt and special tokens included, cut to ``max_length``."""
        if not texts:
            return []
        tokens: list[list[int]] = tokenizer(
            [self.prompt + text for text in texts],
            truncation=True,
            max_length=self.max_length,
            return_attention_mask=False,
            return_token_type_ids=False,
        )["input_ids"]
        return tokens

    def reading(self, texts: Sequence[str]) -> dict[str, float | None]:
        """Shares of texts cut at ``max_length``, and of unknown tokens; see ``token_shares``."""
        tokenizer, sample = self.tokenizer(), sample_texts(texts)
        if not sample:
            return {}
        encoded = tokenizer([self.prompt + text for text in sample], add_special_tokens=False, verbose=False)
        room = self.max_length - tokenizer.num_special_tokens_to_add()
        return token_shares(sample, encoded["input_ids"], tokenizer.unk_token_id, room, self.max_length)

    def tokenizer(self) -> Any:
        """Only the tokenizer, as transformers gives it."""
        return load_tokenizer(self.folder, self.gguf_file)

    def load(self, device: str | None = None) -> tuple[Any, Any]:
        """(tokenizer, model) as transformers gives them, in evaluation mode on the device given, else on its own."""
        from transformers import AutoModel

        device = device or self.place
        tokenizer = self.tokenizer()
        model = load_model(AutoModel, self.folder, DTYPES.get(self.dtype, torch.float32), self.gguf_file)
        limit = getattr(model.config, "max_position_embeddings", None)
        if limit is not None and self.max_length > limit:
            raise UserError(
                f"features.encoder.max_length={self.max_length}, but the model in {self.folder} has {limit} positions"
            )
        layers = model.config.num_hidden_layers
        if not -layers - 1 <= self.layer <= layers:
            raise UserError(
                f"features.encoder.layer={self.layer}, but the model in {self.folder} has layers 0 to {layers}"
            )
        return tokenizer, model.eval().to(device)

    def encode_tokens(
        self, model: Any, tokens: Sequence[list[int]], advance: Callable[[int], None] = lambda rows: None
    ) -> Tensor:
        """[n, D] float32, on the CPU, in the order given, in batches of ``batch_tokens``.

        Where a CUDA device lacks the memory for a batch, that batch and all after it have at most half its size.
        ``advance`` is called with the number of texts that are done.
        """
        values = torch.empty(len(tokens), model.config.hidden_size)
        lengths, budget = [len(ids) for ids in tokens], self.batch_tokens
        waiting = list(batches(lengths, budget))[::-1]
        with torch.inference_mode(), products_in(find_precision(self.dtype, self.place), model.device.type):
            while waiting:
                rows = waiting.pop()
                try:
                    values[rows] = pool_tokens(model, [tokens[row] for row in rows], self).cpu()
                except torch.cuda.OutOfMemoryError:
                    if len(rows) == 1:
                        raise
                    left = [row for batch in [rows, *waiting[::-1]] for row in batch]
                    budget = len(rows) * lengths[rows[0]] // 2
                    waiting = [[left[n] for n in batch] for batch in batches([lengths[n] for n in left], budget)][::-1]
                    log.warning("too little memory on the device: encoding on with batches of %s tokens", f"{budget:,}")
                else:
                    advance(len(rows))
        return values


def pool_tokens(model: Any, tokens: list[list[int]], reading: HuggingFace) -> Tensor:
    """One forward pass over padded token numbers, pooled by ``reading``.  B lists -> [B, D] float32"""
    longest = max(map(len, tokens))
    padding = model.config.pad_token_id or 0
    ids = torch.tensor([row + [padding] * (longest - len(row)) for row in tokens], device=model.device)
    mask = torch.tensor([[1] * len(row) + [0] * (longest - len(row)) for row in tokens], device=model.device)
    output = model(input_ids=ids, attention_mask=mask, output_hidden_states=reading.layer != -1)
    states = output.last_hidden_state if reading.layer == -1 else output.hidden_states[reading.layer]
    return POOLINGS[reading.pooling](states.float(), mask)


def batches(lengths: Sequence[int], budget: int) -> Iterator[list[int]]:
    """Row numbers in batches, longest first, with ``rows x longest <= budget`` (but at least one row).

    Sorted by length, so that hardly anything is padded; the longest first, so that a lack of memory shows at once.
    """
    batch: list[int] = []
    for row in sorted(range(len(lengths)), key=lambda row: -lengths[row]):
        if batch and (len(batch) + 1) * lengths[batch[0]] > budget:
            yield batch
            batch = []
        batch.append(row)
    if batch:
        yield batch
