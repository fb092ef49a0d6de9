"""Weights between items as a product of two thin matrices: what an item gives, and what another receives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import torch
from torch import Tensor
from torch.nn import functional as F

from ltgnn.scoring.scorers import ScoreTable
from ltgnn.tensors.csr import entries_of
from ltgnn.types import Interactions


@dataclass(frozen=True)
class FactorisedItemWeights(ScoreTable):
    """``s(u, i) = sum over the train items j of u of <given[j], received[:, i]>``.

    An item of the history adds to its own score too, which no list shows.
    """

    offsets: Tensor  # [U + 1] of the train items by user
    items: Tensor  # [E]
    given: Tensor  # [I, d]
    received: Tensor  # [d, I]

    form = "factorised items"
    label = "item weights"

    def scores(self, users: Tensor) -> Tensor:
        return self._sum_given(users) @ self.received

    def scores_into(self, users: Tensor, out: Tensor) -> Tensor:
        return torch.mm(self._sum_given(users), self.received, out=out)

    def scores_of(self, users: Tensor, items: Tensor) -> Tensor:
        return self._sum_given(users) @ self.received[:, items]

    def _sum_given(self, users: Tensor) -> Tensor:
        """Sums of what the items of each history give.  [n, d]"""
        offsets, places = entries_of(self.offsets, users)
        return F.embedding_bag(self.items[places], self.given, offsets[:-1], mode="sum")

    @cached_property
    def factors(self) -> tuple[Tensor, Tensor]:
        return self._sum_given(torch.arange(len(self.offsets) - 1)), self.received

    def history_terms(self, user: int, item: int) -> tuple[Tensor, Tensor]:
        mine = self.items[self.offsets[user] : self.offsets[user + 1]]
        return mine, self.given[mine].double() @ self.received[:, item].double()

    def times(self, factor: float) -> FactorisedItemWeights:
        return replace(self, given=self.given * factor)

    def of_history(self, items: Tensor) -> Tensor:
        return self.given[items].sum(0) @ self.received

    def description(self) -> str:
        return f"sum over the user's train items of weights between items, as a product of width {self.given.shape[1]}"

    def tensors(self) -> Mapping[str, Tensor]:
        return {"given": self.given, "received": self.received.T}

    @classmethod
    def from_tensors(cls, tensors: Mapping[str, Tensor], train: Interactions) -> FactorisedItemWeights:
        return cls(*train.by_user, tensors["given"], tensors["received"].T.contiguous())
