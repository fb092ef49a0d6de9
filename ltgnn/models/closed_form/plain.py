"""Scores without personalisation: popularity and chance."""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor

from ltgnn.scoring.known_items import has_interactions
from ltgnn.scoring.masked import mask_items
from ltgnn.scoring.scorers import ItemBias
from ltgnn.types import Interactions, Scorer, as_scorer


class Popularity:
    """``s(u, i)`` = number of train interactions of ``i``, for every user; an item without any is not scorable."""

    reads_features: ClassVar[bool] = False

    def fit(self, train: Interactions, features: Tensor | None) -> Scorer:
        counts = train.item_counts.float()
        return mask_items(ItemBias(counts), has_interactions(train.item_counts))


class Random:
    """A number in 0..1 that depends only on (seed, user, item): the chance level, equal for tail and head."""

    reads_features: ClassVar[bool] = False

    def __init__(self, seed: int) -> None:
        self.seed = seed

    def fit(self, train: Interactions, features: Tensor | None) -> Scorer:
        items = torch.arange(train.num_items)

        def scores(users: Tensor) -> Tensor:
            mixed = users[:, None] * train.num_items + items.to(users.device) + self.seed * 0x632BE59BD9B4E019
            for shift, factor in ((31, 0x7FB5D329728EA185), (27, -0x7E25210B43D22BB3)):  # splitmix64's finaliser
                mixed = (mixed ^ (mixed >> shift)) * factor
            return ((mixed ^ (mixed >> 33)) & 0xFFFFFF).float() / 0x1000000

        return as_scorer(scores)
