"""SL and BSL: softmax losses without the positive in the denominator."""

from __future__ import annotations

import torch
from torch import Tensor

from ltgnn.losses.cosines import check_temperature, cosines
from ltgnn.losses.ranking import RankingLoss
from ltgnn.types import Batch, Encoded, Mistake


class BilateralSoftmax(RankingLoss):
    """``-log( p / (mean over negatives e^(s-/t))^power )``, ``s`` the cosine; SL is ``power`` 1, else BSL.

    ``positives``: ``one``: ``p = e^(s+/t)``; ``user``: ``p`` is the mean of ``e^(s+/t)`` over all rows with
    the same user (the authors' modes "reweight" and "multi"). In-batch negatives are masked only with ``mask_own``,
    which the authors do not. Source: Wu et al., "BSL: understanding and improving softmax loss for recommendation"
    (ICDE 2024, arXiv:2312.12882), as their code computes it; a sum over negatives in place of the mean adds a constant.
    """

    def __init__(self, temperature: float, power: float, positives: str, in_batch: bool, mask_own: bool) -> None:
        super().__init__()
        if positives not in ("one", "user"):
            raise Mistake(f"loss.ranking.positives={positives} given, one or user wanted.")
        self.temperature = check_temperature(temperature)
        self.power, self.positives, self.in_batch, self.mask_own = power, positives, in_batch, mask_own

    def each(self, batch: Batch, main: Encoded) -> Tensor:
        pos, neg = cosines(main, batch, self.in_batch, self.mask_own, "sl")
        pos = pos / self.temperature
        if self.positives == "user":
            pos = _mean_of_user(pos, batch.users)
        return self.power * log_mean_exp(neg / self.temperature) - pos


def log_mean_exp(logits: Tensor) -> Tensor:
    """Log of the mean of ``e^x`` over the columns that are not -inf.  [B, n] -> [B]"""
    number = torch.isfinite(logits).sum(1)
    return torch.logsumexp(logits, 1) - number.to(logits.dtype).log()


def _mean_of_user(logits: Tensor, users: Tensor) -> Tensor:
    """``log mean e^x`` over the rows of the same user.  [B] -> [B]"""
    _, name = torch.unique(users, return_inverse=True)
    number = torch.bincount(name)
    top = logits.detach().new_full(number.shape, -torch.inf).scatter_reduce(0, name, logits.detach(), "amax")
    total = torch.zeros_like(top).index_add(0, name, (logits - top[name]).exp())
    return (total / number).log()[name] + top[name]
