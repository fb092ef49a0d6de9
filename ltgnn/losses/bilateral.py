"""SL and BSL: softmax losses without the positive in the denominator."""

from __future__ import annotations

from typing import Annotated, Literal

import torch
from annotated_types import Ge, Gt, Lt
from torch import Tensor
from torch.nn import functional as F

from ltgnn.losses.cosines import check_temperature, log_sum_negatives
from ltgnn.losses.ranking import RankingLoss
from ltgnn.types import Batch, Encoded, UserError


class BilateralSoftmax(RankingLoss):
    """``-log( p / (mean over negatives e^(s-/t))^power )``, ``s`` the cosine; SL is ``power`` 1, else BSL.

    ``positives``: ``one``: ``p = e^(s+/t)``; ``user``: ``p`` is the mean of ``e^(s+/t)`` over all rows with
    the same user (the authors' modes "reweight" and "multi"). In-batch negatives are masked only with ``mask_own``,
    which the authors do not. ``user_dropout``: share of the user's coordinates dropped before the cosine, anew in each
    row (their ``mess_dropout`` on MF). Source: Wu et al., "BSL: understanding and improving softmax loss for
    recommendation" (ICDE 2024, arXiv:2312.12882), as their code computes it; a sum over negatives in place of the mean
    adds a constant.
    """

    local = True
    negatives_from = "batch"

    def __init__(
        self,
        temperature: Annotated[float, Ge(1e-6)],
        power: Annotated[float, Gt(0)],
        positives: Literal["one", "user"],
        in_batch: bool,
        mask_own: bool,
        user_dropout: Annotated[float, Ge(0), Lt(1)],
    ) -> None:
        super().__init__()
        if not 0 <= user_dropout < 1:
            raise UserError(f"loss.ranking.user_dropout={user_dropout} given, a share from 0 to less than 1 wanted.")
        self.user_dropout = user_dropout
        if positives not in ("one", "user"):
            raise UserError(f"loss.ranking.positives={positives} given, one or user wanted.")
        self.temperature = check_temperature(temperature)
        self.power, self.positives, self.in_batch, self.mask_own = power, positives, in_batch, mask_own

    def each(self, batch: Batch, main: Encoded) -> Tensor:
        rows = self._drop_users(batch, main)
        pos, total = log_sum_negatives(*rows, self.temperature, self.in_batch, self.mask_own, "sl")
        number = self._negatives(batch)
        mean = (total - number.clamp_min(1).to(total.dtype).log()).masked_fill(number == 0, 0)
        if self.positives == "user":
            pos = _mean_of_user(pos, batch.users)
        return self.power * mean - pos

    def _drop_users(self, batch: Batch, main: Encoded) -> tuple[Encoded, Batch]:
        """The encoding with a user of its own for each row, thinned out; as it is where nothing is dropped."""
        if not (self.user_dropout and self.training):
            return main, batch
        users = F.dropout(F.embedding(batch.users, main.users), self.user_dropout)
        return main._replace(users=users), batch._replace(users=torch.arange(len(users), device=users.device))

    def _negatives(self, batch: Batch) -> Tensor:
        """How many negatives each row has.  [B]"""
        sampled = torch.full_like(batch.pos, batch.neg.shape[1])
        if not self.in_batch:
            return sampled
        if not self.mask_own:
            return sampled + len(batch.pos) - 1
        _, name, times = torch.unique(batch.pos, return_inverse=True, return_counts=True)
        others: Tensor = sampled + len(batch.pos) - times[name]
        return others


def log_mean_exp(logits: Tensor) -> Tensor:
    """Log of the mean of ``e^x`` over the columns that are not -inf; 0 where there is none.  [B, n] -> [B]"""
    number = torch.isfinite(logits).sum(1)
    none = number == 0  # such as in a last batch of one row
    total = torch.logsumexp(logits.masked_fill(none[:, None], 0), 1)
    return (total - number.clamp_min(1).to(logits.dtype).log()).masked_fill(none, 0)


def _mean_of_user(logits: Tensor, users: Tensor) -> Tensor:
    """``log mean e^x`` over the rows of the same user.  [B] -> [B]"""
    _, name = torch.unique(users, return_inverse=True)
    number = torch.bincount(name)
    top = logits.detach().new_full(number.shape, -torch.inf).scatter_reduce(0, name, logits.detach(), "amax")
    total = torch.zeros_like(top).index_add(0, name, (logits - top[name]).exp())
    return (total / number).log()[name] + top[name]
