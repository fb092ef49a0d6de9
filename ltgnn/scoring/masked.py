"""Scorers that know some items only: what they cannot score is said, never a silent 0."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from ltgnn.types import Scorer


@dataclass(frozen=True)
class Restricted:
    """A scorer with something to say of some items only: the others are no candidates, and evaluation counts them.

    Without a train interaction an item is known by its text or not at all. A score of 0 would hide that.
    """

    score: Scorer
    scorable: Tensor  # [I] bool

    def __call__(self, users: Tensor) -> Tensor:
        scores = self.score(users)
        unknown = torch.nonzero(~self.scorable)[:, 0].to(scores.device)
        return scores.index_fill(1, unknown, -torch.inf)

    @property
    def scores_into(self) -> Callable[[Tensor, Tensor], None]:
        """The scores written into memory that is there; only where the scorer inside can do that."""
        inner: Callable[[Tensor, Tensor], None] = self.score.scores_into  # type: ignore[attr-defined]
        unknown = torch.nonzero(~self.scorable)[:, 0]

        def fill(users: Tensor, out: Tensor) -> None:
            inner(users, out)
            out.index_fill_(1, unknown.to(out.device), -torch.inf)

        return fill

    @property
    def factors(self) -> tuple[Tensor, Tensor]:
        """Those of the scorer inside, if it has any."""
        factors: tuple[Tensor, Tensor] = self.score.factors  # type: ignore[attr-defined]
        return factors


def restricted(score: Scorer, scorable: Tensor) -> Scorer:
    """``score`` for the items that are ``scorable`` [I] bool; ``score`` itself where all are."""
    return score if bool(scorable.all()) else Restricted(score, scorable.cpu())


def unrestricted(scorer: Scorer, num_items: int) -> tuple[Scorer, Tensor]:
    """Scores of all items, to be added to those of a scorer that may know more; and which are ``scorable`` [I] bool."""
    if isinstance(scorer, Restricted):
        return scorer.score, scorer.scorable
    return scorer, torch.ones(num_items, dtype=torch.bool)
