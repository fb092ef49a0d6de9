"""Weights between items as a product of two thin matrices, without those of items to themselves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from ltgnn.scoring.factorised_weights import FactorisedItemWeights
from ltgnn.scoring.scorers import ScoreTable
from ltgnn.tensors.csr import csr_rows
from ltgnn.types import Interactions


@dataclass(frozen=True)
class ZeroDiagonalWeights(ScoreTable):
    """``s(u, i) = sum over the train items j of u other than i of <given[j], received[:, i]>``.

    Where an item of the history is scored, as for the pairs that a loss trains on, its weight to itself would decide.
    """

    weights: FactorisedItemWeights

    form = "factorised items, zero diagonal"
    label = "item weights"

    @cached_property
    def diagonal(self) -> Tensor:
        """What is left out.  [I]"""
        return (self.weights.given.T * self.weights.received).sum(0)

    def scores(self, users: Tensor) -> Tensor:
        return self._subtract(users, self.weights.scores(users))

    def scores_into(self, users: Tensor, out: Tensor) -> Tensor:
        return self._subtract(users, self.weights.scores_into(users, out))

    def scores_of(self, users: Tensor, items: Tensor) -> Tensor:
        rows, history = csr_rows((self.weights.offsets, self.weights.items), users)
        chosen, places = items.unique(return_inverse=True)
        listed = torch.isin(history, chosen)
        excess = torch.zeros(len(users), len(chosen))
        excess[rows[listed], torch.searchsorted(chosen, history[listed])] = self.diagonal[history[listed]]
        return self.weights.scores_of(users, items) - excess[:, places]

    def _subtract(self, users: Tensor, scores: Tensor) -> Tensor:
        """The scores [n, I] without the diagonal, in their memory."""
        rows, history = csr_rows((self.weights.offsets, self.weights.items), users)
        return scores.index_put_((rows, history), -self.diagonal[history], accumulate=True)

    def history_terms(self, user: int, item: int) -> tuple[Tensor, Tensor]:
        history, values = self.weights.history_terms(user, item)
        return history, values.masked_fill(history == item, 0)

    def times(self, factor: float) -> ZeroDiagonalWeights:
        return ZeroDiagonalWeights(self.weights.times(factor))

    def of_history(self, items: Tensor) -> Tensor:
        return self.weights.of_history(items).index_put_((items,), -self.diagonal[items], accumulate=True)

    def description(self) -> str:
        return f"{self.weights.description()}, without those of items to themselves"

    def tensors(self) -> Mapping[str, Tensor]:
        return self.weights.tensors()

    @classmethod
    def from_tensors(cls, tensors: Mapping[str, Tensor], train: Interactions) -> ZeroDiagonalWeights:
        return cls(FactorisedItemWeights.from_tensors(tensors, train))
