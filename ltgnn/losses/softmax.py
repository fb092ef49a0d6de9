"""The softmax loss on cosine similarity, over in-batch and sampled negatives."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from ltgnn.losses.rows import rows
from ltgnn.types import Batch, Encoded, Mistake


class SampledSoftmax:
    """``mean -log( e^(s+/t) / (e^(s+/t) + sum over negatives e^(s-/t)) )`` with ``s`` the cosine.

    Negatives are the other positives of the batch (``in_batch``) and the sampler's. With ``mask_own`` an in-batch item
    that is the row's own positive is no negative. Source: Wu et al., "On the effectiveness of sampled softmax loss for
    item recommendation" (TOIS 2024, arXiv:2201.02327), eq. 5.
    """

    def __init__(self, temperature: float, in_batch: bool, mask_own: bool) -> None:
        if temperature <= 0:
            raise Mistake(f"loss.ranking.temperature={temperature} given, a number > 0 wanted.")
        self.temperature, self.in_batch, self.mask_own = temperature, in_batch, mask_own

    def __call__(self, batch: Batch, main: Encoded, views: list[Encoded]) -> Tensor:
        if not self.in_batch and batch.neg.shape[1] == 0:
            raise Mistake("loss=softmax has no negatives: set loss.ranking.in_batch=true or sampler=uniform.")
        users, pos, neg = (F.normalize(part, dim=-1) for part in rows(main, batch))
        own = (users * pos).sum(-1, keepdim=True)  # [B, 1]
        logits = [own]
        if self.in_batch:
            others = users @ pos.T  # [B, B]
            names = batch.pos if self.mask_own else torch.arange(len(own), device=own.device)
            same = names[:, None] == names
            logits.append(others.masked_fill(same, -torch.inf))
        if batch.neg.shape[1]:
            logits.append(torch.einsum("bd,bsd->bs", users, neg))
        scaled = torch.cat(logits, 1) / self.temperature
        return (torch.logsumexp(scaled, 1) - scaled[:, 0]).mean()
