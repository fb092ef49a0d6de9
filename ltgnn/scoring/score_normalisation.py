"""Normalised scores of a user's candidates, which make the scores of different models comparable."""

from __future__ import annotations

from typing import Annotated

import torch
from annotated_types import Ge
from torch import Tensor

from ltgnn.types import UserError


def z_scores(scores: Tensor, least: float = 0.0) -> Tensor:
    """``(s - mean) / sd`` of each row [B, n], over its scores above -inf; 0 for -inf, and where sd <= ``least``.

    The standard deviation is that of the population.
    """
    there = torch.isfinite(scores)
    count = there.sum(1, keepdim=True).clamp_min(1)
    centred = scores - torch.where(there, scores, 0.0).sum(1, keepdim=True) / count
    centred = torch.where(there, centred, 0.0)
    spread = (centred.square().sum(1, keepdim=True) / count).sqrt()
    return torch.where(spread > least, centred / spread.clamp_min(1e-30), 0.0)


def reciprocal_ranks(above: Tensor, constant: float, weight: float = 1.0) -> Tensor:
    """``weight / (constant + rank)`` of items with ``above`` others before them (Cormack et al., SIGIR 2009)."""
    return weight / (constant + 1.0 + above)


class ZScore:
    """``(s - mean) / sd`` over the user's candidates; 0 for no candidate, and where all scores are equal."""

    def __call__(self, scores: Tensor) -> Tensor:
        """Scores [B, I], -inf for no candidate -> normalised scores [B, I], finite."""
        return z_scores(scores)


class ReciprocalRank:
    """``1 / (constant + rank)``, rank 1 for the best; equal scores have the same rank, no candidate has 0.

    Cormack, Clarke & Büttcher, "Reciprocal rank fusion outperforms Condorcet" (SIGIR 2009), whose constant is 60.
    """

    def __init__(self, constant: Annotated[float, Ge(0)]) -> None:
        if constant < 0:
            raise UserError(f"blend.normaliser.constant={constant} given, a number of at least 0 wanted.")
        self.constant = constant

    def __call__(self, scores: Tensor) -> Tensor:
        """Scores [B, I], -inf for no candidate -> normalised scores [B, I], finite."""
        down = -scores
        better = torch.searchsorted(down.sort(1).values, down)  # how many scores are strictly above
        return torch.where(torch.isfinite(scores), reciprocal_ranks(better, self.constant), 0.0)
