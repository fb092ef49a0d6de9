"""A toy shop with structure to learn: users like one topic, titles name it, popularity is skewed."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ltgnn.types import TextEncoder

TOPICS = ("river", "castle", "engine", "garden")


def write_shop(folder: Path, num_users: int = 80, num_items: int = 48, seed: int = 0) -> Path:
    """RecBole files ``toy.inter`` and ``toy.item``; about 15 interactions a user, 4 of 5 in the user's topic."""
    generator = torch.Generator().manual_seed(seed)
    folder.mkdir(parents=True, exist_ok=True)
    appeal = 1 / torch.arange(1, num_items + 1).float().sqrt()
    topic = torch.arange(num_items) % len(TOPICS)
    lines = ["user_id:token\titem_id:token\trating:float\ttimestamp:float"]
    for user in range(num_users):
        weight = appeal * torch.where(topic == user % len(TOPICS), 4.0, 0.3)
        for place, item in enumerate(draw(weight, 15, generator)):
            lines.append(f"u{user}\ti{item}\t{1 + (user + item) % 5}\t{1000 + place}")
    (folder / "toy.inter").write_text("\n".join(lines) + "\n")
    titles = [f"i{i}\tthe {TOPICS[i % len(TOPICS)]} number {i}" for i in range(num_items)]
    (folder / "toy.item").write_text("\n".join(["item_id:token\ttitle:token_seq", *titles]) + "\n")
    return folder


def draw(weight: Tensor, count: int, generator: torch.Generator) -> list[int]:
    """What ``torch.multinomial`` of torch 2.13 draws without replacement; that of torch 2.6 draws otherwise."""
    waits = -torch.log1p(-torch.rand(len(weight), dtype=torch.float64, generator=generator))
    return (weight / waits.float()).topk(count).indices.tolist()


class Words(TextEncoder):
    """A text encoder without a language model: each word has a fixed random vector, a text is their sum."""

    def __init__(self, width: int) -> None:
        self.width = width

    @property
    def identity(self) -> Mapping[str, Any]:
        return {"encoder": "words", "width": self.width}

    def __call__(self, texts: Sequence[str]) -> Tensor:
        return torch.stack(
            [sum((self._vector(word) for word in text.split()), torch.zeros(self.width)) for text in texts]
        )

    def _vector(self, word: str) -> Tensor:
        seed = int.from_bytes(hashlib.sha256(word.encode()).digest()[:6], "big")
        return torch.randn(self.width, generator=torch.Generator().manual_seed(seed))
