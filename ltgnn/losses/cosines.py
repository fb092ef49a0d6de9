"""Cosines of a batch's users with their positives and with all their negatives, in-batch and sampled."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from ltgnn.losses.in_batch import product_logsumexp
from ltgnn.losses.rows import scores
from ltgnn.types import Batch, Encoded, UserError

LEAST = 1e-6
"""Smallest temperature."""


def cosines(main: Encoded, batch: Batch, in_batch: bool, mask_own: bool, loss: str) -> tuple[Tensor, Tensor]:
    """Cosine with the own positive [B], and with the negatives [B, n], -inf where a column is not one of the row's.

    ``in_batch``: the other rows' positives are negatives, as the first B columns; with ``mask_own`` not where they are
    the row's own positive item. The sampler's negatives follow.
    """
    if not in_batch and batch.neg.shape[1] == 0:
        raise UserError(f"loss={loss} has no negatives: set loss.ranking.in_batch=true or sampler=uniform.")
    pos, neg = scores(main, batch, cosine=True)
    if not in_batch:
        return pos, neg
    users = F.normalize(F.embedding(batch.users, main.users), dim=-1)
    items = F.normalize(F.embedding(batch.pos, main.items), dim=-1)
    names = batch.pos if mask_own else torch.arange(len(pos), device=pos.device)
    others = (users @ items.T).masked_fill(names[:, None] == names, -torch.inf)
    return pos, torch.cat([others, neg], 1) if neg.shape[1] else others


def log_sum_negatives(
    main: Encoded,
    batch: Batch,
    temperature: float,
    in_batch: bool,
    mask_own: bool,
    loss: str,
    shift: Tensor | None = None,
) -> tuple[Tensor, Tensor]:
    """``s+ / t`` [B], and ``log sum e^(s- / t)`` [B] over the negatives of ``cosines``, quicker than from its matrix.

    Every logit, the positive's too, loses the ``shift`` [I] of its item.
    """
    if not in_batch and batch.neg.shape[1] == 0:
        raise UserError(f"loss={loss} has no negatives: set loss.ranking.in_batch=true or sampler=uniform.")
    pos, neg = (score / temperature for score in scores(main, batch, cosine=True))
    if shift is not None:
        pos, neg = pos - shift[batch.pos], neg - shift[batch.neg]
    sums = [torch.logsumexp(neg, 1)] if neg.shape[1] else []
    if in_batch:
        with torch.autocast(pos.device.type, enabled=False):
            users = F.normalize(F.embedding(batch.users, main.users), dim=-1) / temperature
            items = F.normalize(F.embedding(batch.pos, main.items), dim=-1)
            names = batch.pos if mask_own else torch.arange(len(pos), device=pos.device)
            sums.append(product_logsumexp(users, items, None if shift is None else shift[batch.pos], names))
    return pos, sums[0] if len(sums) == 1 else torch.logaddexp(*sums)


def check_temperature(temperature: float, key: str = "loss.ranking.temperature") -> float:
    """The temperature itself; ``UserError`` unless it is at least ``LEAST``."""
    if not temperature >= LEAST:  # below, float32 has no gradient left, and the model would stay untrained
        raise UserError(f"{key}={temperature} given, a number of at least {LEAST:g} wanted.")
    return temperature
