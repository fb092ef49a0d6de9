"""Scorers that cover only some items: the others are masked, never a silent 0."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from ltgnn.types import Interactions, Scorer, SparseScores, as_scorer


class MaskedScorer(Scorer):
    """A scorer that covers only some items; the others get -inf and are never recommended, and evaluation counts them.

    Without a train interaction an item is known by its content or not at all. A score of 0 would hide that.
    """

    candidates: Tensor

    def __init__(self, score: Scorer | Callable[[Tensor], Tensor], candidates: Tensor) -> None:
        self.score, self.candidates = as_scorer(score), candidates.cpu()
        self.others = torch.nonzero(~self.candidates)[:, 0]

    def scores(self, users: Tensor) -> Tensor:
        scores = self.score.scores(users)
        return scores.index_fill(1, self.others.to(scores.device), -torch.inf)

    def scores_into(self, users: Tensor, out: Tensor) -> Tensor:
        scores = self.score.scores_into(users, out)
        others = self.others.to(scores.device)
        return out.index_fill_(1, others, -torch.inf) if scores is out else scores.index_fill(1, others, -torch.inf)

    def scores_of(self, users: Tensor, items: Tensor) -> Tensor:
        scores = self.score.scores_of(users, items)
        return scores.masked_fill(~self.candidates.to(scores.device)[items], -torch.inf)

    def with_histories(self, train: Interactions) -> Scorer:
        return MaskedScorer(self.score.with_histories(train), self.candidates)

    def unmasked(self) -> Scorer:
        return self.score

    @property
    def factors(self) -> tuple[Tensor, Tensor] | None:
        """Those of the scorer inside, if it has any."""
        return self.score.factors

    @property
    def sparse_scores(self) -> SparseScores | None:
        """Those of the scorer inside, if it has any; who lists looks at ``candidates``."""
        return self.score.sparse_scores

    @property
    def item_weights(self) -> Any | None:
        """Those of the scorer inside, if it has any."""
        return self.score.item_weights

    def terms(self) -> Sequence[tuple[float, Scorer]]:
        """The scorer inside."""
        return [(1.0, self.score)]

    @property
    def label(self) -> str:
        return self.score.label


def mask_items(score: Scorer | Callable[[Tensor], Tensor], candidates: Tensor | None) -> Scorer:
    """``score`` for the items that are ``candidates`` [I] bool; ``score`` itself where all are (None: all)."""
    if candidates is None or bool(candidates.all()):
        return as_scorer(score)
    return MaskedScorer(score, candidates)


def any_candidates(masks: Sequence[Tensor | None]) -> Tensor | None:
    """Items that are in one of the masks [I] bool, of which None holds all."""
    known = [mask for mask in masks if mask is not None]
    return torch.stack(known).any(0) if known and len(known) == len(masks) else None
