"""Tuning on purchase prediction: does a user buy a product?"""

from __future__ import annotations

from typing import Annotated, ClassVar

import numpy as np
import torch
from annotated_types import Ge, Lt
from torch import Tensor, nn
from torch.nn import functional as F

from ltgnn.features.tuning.encoder import TunedEncoder
from ltgnn.features.tuning.objective import Objective, Rows
from ltgnn.types import Interactions, UserError


class Purchase(Objective):
    """Does this user buy this product? Cross-entropy over (history text, product text).

    A unit is a train pair of a user with another train item; its example is followed by one with a product drawn from
    those that the user has not in train. The history is the texts of up to ``history`` other train items of the user,
    drawn at random. Both texts are read together, pooled, and classified by one linear layer. ``examples`` bounds the
    train pairs an epoch (None: all).
    """

    halves_batch: ClassVar[bool] = True

    def __init__(
        self,
        encoder: TunedEncoder,
        train: Interactions,
        batch_size: int,
        seed: int,
        history: Annotated[int, Ge(1)],
        examples: Annotated[int, Ge(1)] | None,
        dropout: Annotated[float, Ge(0), Lt(1)],
    ) -> None:
        wide = train.user_counts[train.users] > 1
        users, items = train.users[wide].numpy(), train.items[wide].numpy()
        self.pairs = np.stack([users, items], axis=1)
        offsets, by_user = train.by_user
        self.offsets, self.by_user = offsets.numpy(), by_user.numpy()
        self.history, self.num_items = history, train.num_items
        if batch_size % 2:
            raise UserError(
                f"batch_size={batch_size}: objective=purchase takes half of a batch as bought, give an even number"
            )
        super().__init__(encoder, len(self.pairs), batch_size // 2, seed, examples)
        self.head = nn.Sequential(nn.Dropout(dropout), nn.Linear(encoder.width, 2))
        positions = getattr(encoder.model.config, "max_position_embeddings", None) or 2 * encoder.reading.max_length
        self.max_length = min(2 * encoder.reading.max_length, positions)  # two texts

    def batch(self, epoch: int, step: int) -> tuple[list[Rows], Rows, Tensor]:
        """Histories (item numbers), products [2B] and labels [2B]: B bought, then B not bought."""
        rng = self.rng(epoch, step)
        pairs = self.pairs[self.rows(epoch, step)]
        histories, others = [], []
        for user, item in pairs:
            bought = self.by_user[self.offsets[user] : self.offsets[user + 1]]  # ascending
            past = bought[bought != item]
            histories.append(rng.permutation(past)[: self.history])
            others.append(draw_other(bought, self.num_items, rng))
        labels = torch.tensor([1] * len(pairs) + [0] * len(pairs))
        return histories * 2, np.concatenate([pairs[:, 1], np.array(others, np.int64)]), labels

    def forward(self, batch: tuple[list[Rows], Rows, Tensor]) -> Tensor:
        labels = batch[2]
        logits = self.logits(*batch[:2])
        return F.cross_entropy(logits, labels.to(logits.device))

    def logits(self, histories: list[Rows], products: Rows) -> Tensor:
        """Scores of (not bought, bought).  [n, 2]"""
        from ltgnn.features.pooling import POOLINGS

        encoder = self.encoder
        texts = encoder.texts
        tokens = encoder.tokenizer(
            ["; ".join(texts[item] for item in history) for history in histories],
            [texts[item] for item in products],
            truncation="longest_first",
            max_length=self.max_length,
            padding=True,
            return_tensors="pt",
        ).to(encoder.model.device)
        states = encoder.model(**tokens).last_hidden_state
        logits: Tensor = self.head(POOLINGS[encoder.reading.pooling](states.float(), tokens["attention_mask"]))
        return logits


def draw_other(bought: Rows, size: int, rng: np.random.Generator) -> int:
    """One number below ``size`` that is not in ``own`` (ascending), uniformly: the r-th free one."""
    if len(bought) == size:
        raise UserError("a user bought every item of the catalogue, so there is none to show as not bought")
    rank = rng.integers(size - len(bought))
    return int(rank + np.searchsorted(bought - np.arange(len(bought)), rank, side="right"))
