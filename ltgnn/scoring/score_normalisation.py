"""Where an item stands among a user's candidates: what makes the scores of different models comparable."""

from __future__ import annotations

from typing import Annotated

import torch
from annotated_types import Ge
from torch import Tensor

from ltgnn.types import Mistake


class ZScore:
    """``(s - mean) / sd`` over the user's candidates; 0 for no candidate, and where all scores are equal."""

    def __call__(self, scores: Tensor) -> Tensor:
        """Scores [B, I], -inf for no candidate -> standings [B, I], finite."""
        there = torch.isfinite(scores)
        count = there.sum(1, keepdim=True).clamp_min(1)
        centred = scores - torch.where(there, scores, 0.0).sum(1, keepdim=True) / count
        centred = torch.where(there, centred, 0.0)
        spread = (centred.square().sum(1, keepdim=True) / count).sqrt()
        return torch.where(spread > 0, centred / spread.clamp_min(1e-30), 0.0)


class ReciprocalRank:
    """``1 / (constant + rank)``, rank 1 for the best; equal scores have the same rank, no candidate has 0.

    Cormack, Clarke & Büttcher, "Reciprocal rank fusion outperforms Condorcet" (SIGIR 2009), whose constant is 60.
    """

    def __init__(self, constant: Annotated[float, Ge(0)]) -> None:
        if constant < 0:
            raise Mistake(f"blend.standing.constant={constant} given, a number of at least 0 wanted.")
        self.constant = constant

    def __call__(self, scores: Tensor) -> Tensor:
        """Scores [B, I], -inf for no candidate -> standings [B, I], finite."""
        down = -scores
        better = torch.searchsorted(down.sort(1).values, down)  # how many scores are strictly above
        return torch.where(torch.isfinite(scores), 1.0 / (self.constant + 1.0 + better), 0.0)
