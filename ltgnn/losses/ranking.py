"""Pointwise and pairwise ranking losses."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Annotated

from annotated_types import Ge, Le
from torch import Tensor, nn
from torch.nn import functional as F

from ltgnn.losses.rows import scores
from ltgnn.types import Batch, Encoded, Loss, UserError


class RankingLoss(nn.Module, Loss, ABC):
    """Mean over the rows of a batch of one number a row; the rows are there to be weighted (``weighting.py``)."""

    negatives_from = ""  # "sampler", or "batch" where ``in_batch`` gives them; without any it cannot be trained

    @abstractmethod
    def each(self, batch: Batch, main: Encoded) -> Tensor:
        """One loss per train pair.  [B]"""

    def forward(self, batch: Batch, main: Encoded, views: list[Encoded]) -> Tensor:
        return self.each(batch, main).mean()


class BPR(RankingLoss):
    """``mean softplus(s(u, neg) - s(u, pos))`` on inner products (Rendle et al., UAI 2009), form of LightGCN-PyTorch.

    With several negatives the mean runs over all of them.
    """

    local = row_separable = column_separable = True
    negatives_from = "sampler"

    def each(self, batch: Batch, main: Encoded) -> Tensor:
        need_negatives(batch, "bpr")
        pos, neg = scores(main, batch, cosine=False)
        return F.softplus(neg - pos.unsqueeze(1)).mean(1)


class BCE(RankingLoss):
    """``softplus(-s+) + weight * mean over negatives softplus(s-)`` on inner products: log loss on labels 1 and 0.

    The pointwise loss of He et al., "Neural collaborative filtering" (WWW 2017, arXiv:1708.05031), eq. 7; there with
    ``weight`` = number of negatives.
    """

    local = row_separable = column_separable = True
    negatives_from = "sampler"

    def __init__(self, negative_weight: Annotated[float, Ge(0)]) -> None:
        super().__init__()
        self.negative_weight = negative_weight

    def each(self, batch: Batch, main: Encoded) -> Tensor:
        need_negatives(batch, "bce")
        pos, neg = scores(main, batch, cosine=False)
        return F.softplus(-pos) + self.negative_weight * F.softplus(neg).mean(1)


class CCL(RankingLoss):
    """``1 - c+ + weight * mean over negatives max(0, c- - margin)`` with ``c`` the cosine.

    The cosine contrastive loss of SimpleX (Mao et al., CIKM 2021, arXiv:2109.12613), eq. 1.
    """

    local = row_separable = column_separable = True
    negatives_from = "sampler"

    def __init__(self, margin: Annotated[float, Ge(-1), Le(1)], negative_weight: Annotated[float, Ge(0)]) -> None:
        super().__init__()
        if not -1 <= margin <= 1:
            raise UserError(f"loss.ranking.margin={margin} given, a cosine from -1 to 1 wanted.")
        self.margin, self.negative_weight = margin, negative_weight

    def each(self, batch: Batch, main: Encoded) -> Tensor:
        need_negatives(batch, "ccl")
        pos, neg = scores(main, batch, cosine=True)
        return 1 - pos + self.negative_weight * F.relu(neg - self.margin).mean(1)


def need_negatives(batch: Batch, loss: str) -> None:
    """Refuse a batch without sampled negatives."""
    if batch.neg.shape[1] == 0:
        raise UserError(f"loss={loss} needs sampled negatives, but the sampler draws none. Set sampler=uniform.")
