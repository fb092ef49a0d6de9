"""An encoder with gradients, reading texts exactly as the frozen one does."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from ltgnn.features.encoders import HuggingFace, batches, pool_tokens
from ltgnn.features.tuning.adaptation import Adaptation

RATES = ("dropout_prob", "attention_dropout", "dropout")
"""Attributes of attention modules that hold a rate as a number; which, depends on model and version."""


def set_dropout(model: nn.Module, rate: float) -> None:
    """Every dropout of a transformer, those of its attention weights included."""
    for part in model.modules():
        if isinstance(part, nn.Dropout):
            part.p = rate
        for name in RATES:
            if isinstance(vars(part).get(name), float):
                setattr(part, name, rate)


class TunedEncoder(nn.Module):
    """The texts of all items, tokenised once, and the model that is trained on them.

    ``forward(rows [B]) -> [B, D]``: rows are sorted by length and run in chunks of ``chunk_tokens``, so that hardly
    anything is padded. ``checkpointing`` trades a second forward pass for the memory of the activations. ``dropout``:
    the rate inside the model while it is trained, None for its own.
    """

    def __init__(
        self,
        reading: HuggingFace,
        texts: Sequence[str],
        adapt: Adaptation,
        checkpointing: bool,
        chunk_tokens: int,
        dropout: float | None = None,
    ) -> None:
        super().__init__()
        self.reading, self.texts, self.adapt, self.chunk_tokens = reading, list(texts), adapt, chunk_tokens
        self.tokenizer, base = reading.load(device="cpu")
        self.tokens = reading.tokenize(self.tokenizer, self.texts)
        numbers = {text: number for number, text in enumerate(dict.fromkeys(self.texts))}
        self.text_ids = torch.tensor([numbers[text] for text in self.texts])  # [I], equal where the texts are
        if checkpointing:  # renamed in transformers 5
            enable = getattr(base, "activation_checkpointing_enable", None) or base.gradient_checkpointing_enable
            enable({"use_reentrant": False})
            base.config.use_cache = False
        if dropout is not None:
            set_dropout(base, dropout)
        self.model: Any = adapt(base)
        self.train()

    @property
    def width(self) -> int:
        width: int = self.model.config.hidden_size
        return width

    def forward(self, rows: Sequence[int]) -> Tensor:
        order: list[int] = []
        parts = []
        for chunk in batches([len(self.tokens[row]) for row in rows], self.chunk_tokens):
            parts.append(pool_tokens(self.model, [self.tokens[rows[place]] for place in chunk], self.reading))
            order += chunk
        values = torch.cat(parts)
        return values[torch.argsort(torch.tensor(order, device=values.device))]

    @torch.no_grad()
    def encode_all(self, progress: Callable[[int], None] = lambda _: None) -> Tensor:
        """The vectors of all items as they are now, dropout off.  [I, D] on the CPU"""
        training = self.training
        self.eval()
        values = torch.empty(len(self.tokens), self.width)
        for rows in batches([len(ids) for ids in self.tokens], self.chunk_tokens):
            values[rows] = pool_tokens(self.model, [self.tokens[row] for row in rows], self.reading).float().cpu()
            progress(len(rows))
        self.train(training)
        return values

    @torch.no_grad()
    def read(self, texts: Sequence[str]) -> Tensor:
        """Other texts, with the weights as they are, dropout off.  n strings -> [n, D] on the CPU"""
        training = self.training
        self.eval()
        tokens = self.reading.tokenize(self.tokenizer, texts)
        values = torch.empty(len(tokens), self.width)
        for rows in batches([len(ids) for ids in tokens], self.chunk_tokens):
            values[rows] = pool_tokens(self.model, [tokens[row] for row in rows], self.reading).float().cpu()
        self.train(training)
        return values

    def save(self, folder: Path) -> None:
        """A Hugging Face folder for ``features.encoder=FOLDER``; LoRA is merged into the weights, for good."""
        self.model = self.adapt.merge_weights(self.model)
        self.model.save_pretrained(folder)
        self.tokenizer.save_pretrained(folder)
        reading = {name: getattr(self.reading, name) for name in ("pooling", "layer", "max_length", "prompt")}
        (folder / "reading.json").write_text(json.dumps(reading, indent=1) + "\n", encoding="utf-8")
