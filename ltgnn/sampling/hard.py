"""Dynamic hard negatives: many are drawn, those that the model ranks highest count."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

import torch
from annotated_types import Ge
from torch import Tensor
from torch.nn import functional as F

from ltgnn.sampling.negatives import Negatives
from ltgnn.types import Batch, Encoded, Interactions, UserError


class Hardest(Negatives):
    """The ``keep`` best scored of the ``candidates`` drawn for a pair, by the model of this step.

    Dynamic negative sampling (Zhang et al., SIGIR 2013): ``keep`` 1. Scores are inner products, or cosines with
    ``cosine`` (for losses on cosines). No gradient flows through the choice.
    """

    reads_states = True

    def __init__(
        self,
        train: Interactions,
        candidates: Callable[[Interactions], Negatives],
        keep: Annotated[int, Ge(1)],
        cosine: bool,
    ) -> None:
        super().__init__()
        if keep < 1:
            raise UserError(f"sampler.negatives.keep={keep} given, at least 1 wanted.")
        self.candidates, self.keep, self.cosine = candidates(train), keep, cosine

    def forward(self, users: Tensor, pos: Tensor, generator: torch.Generator) -> Tensor:
        """[B], [B] -> candidates [B, C]; ``narrow`` leaves ``keep`` of them."""
        drawn: Tensor = self.candidates(users, pos, generator)
        if drawn.shape[1] < self.keep:
            raise UserError(
                f"sampler.negatives.keep={self.keep} of {drawn.shape[1]} candidates given: set "
                "sampler.negatives.candidates.negatives higher."
            )
        return drawn

    @torch.no_grad()
    def narrow(self, batch: Batch, main: Encoded) -> Batch:
        users, items = F.embedding(batch.users, main.users), F.embedding(batch.neg, main.items)
        if self.cosine:
            items = F.normalize(items, dim=-1)
        scores = (items @ users.unsqueeze(-1)).squeeze(-1)
        best = scores.topk(self.keep, dim=1).indices
        return batch._replace(neg=batch.neg.gather(1, best), proposal=None)
