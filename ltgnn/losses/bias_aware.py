"""BC loss: a softmax with a margin as wide as the pair is unlikely by popularity."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Annotated

import torch
from annotated_types import Ge
from torch import Tensor, nn

from ltgnn.losses.cosines import check_temperature, cosines
from ltgnn.losses.ranking import RankingLoss
from ltgnn.types import Batch, Encoded, Groups, Interactions


class BCLoss(RankingLoss):
    """Softmax on cosines with ``cos(angle(u, i) + m_ui)`` for the positive, plus the softmax loss of a bias extractor.

    The extractor knows users and items only by their train counts, one vector of ``dim`` for each distinct count;
    ``m_ui = min(its angle of u and i, pi - angle(u, i))`` without gradient: pairs that popularity does not explain must
    be learned with more room. Source: Zhang et al., "Incorporating bias-aware margins into contrastive loss for
    collaborative filtering" (NeurIPS 2022, arXiv:2210.11054), eq. 5-8.
    """

    local = True
    negatives_from = "batch"

    user_rank: Tensor
    item_rank: Tensor

    def __init__(
        self,
        train: Interactions,
        groups: Mapping[str, Groups],
        temperature: Annotated[float, Ge(1e-6)],
        bias_temperature: Annotated[float, Ge(1e-6)],
        dim: Annotated[int, Ge(1)],
        in_batch: bool,
        mask_own: bool,
    ) -> None:
        super().__init__()
        self.temperature = check_temperature(temperature)
        self.bias_temperature = check_temperature(bias_temperature, "loss.ranking.bias_temperature")
        self.in_batch, self.mask_own = in_batch, mask_own
        tables = []
        for name, counts in (("user_rank", train.user_counts), ("item_rank", train.item_counts)):
            distinct, rank = torch.unique(counts, return_inverse=True)
            self.register_buffer(name, rank, persistent=False)
            tables.append(nn.Embedding(len(distinct), dim))
        self.user_bias, self.item_bias = tables

    def each(self, batch: Batch, main: Encoded) -> Tensor:
        ranks = batch.of_users(self.user_rank), batch.of_items(self.item_rank)
        by_count = Encoded(self.user_bias(ranks[0]), self.item_bias(ranks[1]), ())
        biased, biased_others = cosines(by_count, batch, self.in_batch, self.mask_own, "bc")
        pos, neg = cosines(main, batch, self.in_batch, self.mask_own, "bc")
        angle = clamp_cosine(pos).acos()
        margin = torch.minimum(clamp_cosine(biased).acos(), math.pi - angle).detach()
        return softmax((angle + margin).cos(), neg, self.temperature) + softmax(
            biased, biased_others, self.bias_temperature
        )


def softmax(pos: Tensor, neg: Tensor, temperature: float) -> Tensor:
    """``-log e^(pos/t) / (e^(pos/t) + sum e^(neg/t))``.  [B], [B, n] -> [B]"""
    every = torch.cat([pos.unsqueeze(1), neg], 1) / temperature
    return torch.logsumexp(every, 1) - every[:, 0]


def clamp_cosine(cosine: Tensor) -> Tensor:
    """Strictly between -1 and 1, where the angle has a finite slope."""
    return cosine.clamp(-1 + 1e-6, 1 - 1e-6)
