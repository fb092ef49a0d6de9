"""Pairwise ranking losses."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional as F

from ltgnn.losses.rows import rows
from ltgnn.types import Batch, Encoded, Mistake


class BPR:
    """``mean softplus(s(u, neg) - s(u, pos))`` on inner products (Rendle et al., UAI 2009), form of LightGCN-PyTorch.

    With several negatives the mean runs over all of them.
    """

    def __call__(self, batch: Batch, main: Encoded, views: list[Encoded]) -> Tensor:
        if batch.neg.shape[1] == 0:
            raise Mistake("loss=bpr needs sampled negatives, but the sampler draws none. Set sampler=uniform.")
        users, pos, neg = rows(main, batch)
        margin = (users * pos).sum(-1, keepdim=True) - (users.unsqueeze(1) * neg).sum(-1)  # [B, S]
        return F.softplus(-margin).mean()
