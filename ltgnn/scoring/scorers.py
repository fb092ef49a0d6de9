"""Scores that are sums of tables: what can be stored as plain tensors and served without the model that made them.

Nearly every model ends here: a GNN in inner products, a closed form in weights between items, an adjustment in one of
these or in a number per item. ``forms.decompose`` splits a scorer into them; one that is not such a sum (MACR's product
of sigmoids) has none.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import torch
from torch import Tensor

from ltgnn.types import Interactions, Scorer, as_scorer


class ScoreTable(Scorer):
    """A scorer that is plain tensors: it can be exported, and can score a user given only a history."""

    form: ClassVar[str]
    """What it is called in an export."""

    kept: ClassVar[bool] = True
    """Whether a run keeps the table of a closed form rather than compute it again for each command."""

    @abstractmethod
    def times(self, factor: float) -> ScoreTable:
        """The same with all scores multiplied."""

    def with_histories(self, train: Interactions) -> Scorer:
        return type(self).from_tensors(self.tensors(), train)

    @abstractmethod
    def of_history(self, items: Tensor) -> Tensor:
        """Scores for a user outside of training with these items [n].  [I]"""

    @abstractmethod
    def description(self) -> str:
        """One line for the model card."""

    @abstractmethod
    def tensors(self) -> Mapping[str, Tensor]:
        """The state to rebuild it, in addition to the train part."""

    @classmethod
    @abstractmethod
    def from_tensors(cls, tensors: Mapping[str, Tensor], train: Interactions) -> ScoreTable:
        """What ``tensors`` of such a table gave, as a table."""


@dataclass(frozen=True)
class InnerProduct(ScoreTable):
    """``s(u, i) = <users[u], table[:, i]>``."""

    users: Tensor  # [U, d]
    table: Tensor  # [d, I]

    form = "inner"

    def scores(self, users: Tensor) -> Tensor:
        return self.users[users] @ self.table

    def scores_into(self, users: Tensor, out: Tensor) -> Tensor:
        """Into ``out``: new memory for each block would cost as much as the product."""
        return torch.mm(self.users[users], self.table, out=out)

    @property
    def factors(self) -> tuple[Tensor, Tensor]:
        """All that ranking needs."""
        return self.users, self.table

    def with_histories(self, train: Interactions) -> Scorer:
        return Scorer.with_histories(self, train)  # the vector of a user is kept, not what it was made of

    def times(self, factor: float) -> InnerProduct:
        return replace(self, users=self.users * factor)

    def of_history(self, items: Tensor) -> Tensor:
        """The user is the mean of the items' vectors: one step of the graph, up to the length of the vector."""
        return self.table[:, items].mean(1) @ self.table

    def description(self) -> str:
        return f"inner product of user and item vectors, width {self.users.shape[1]}"

    def tensors(self) -> Mapping[str, Tensor]:
        return {"users": self.users, "items": self.table.T}

    @classmethod
    def from_tensors(cls, tensors: Mapping[str, Tensor], train: Interactions) -> InnerProduct:
        return cls(tensors["users"], tensors["items"].T.contiguous())


@dataclass(frozen=True)
class ItemBias(ScoreTable):
    """``s(u, i) = values[i]`` for every user."""

    values: Tensor  # [I]

    form = "constant"
    label = "popularity"

    def scores(self, users: Tensor) -> Tensor:
        return self.values.to(users.device).expand(len(users), -1)

    @property
    def item_bias(self) -> Tensor:
        return self.values

    def named_terms(self, user: int, item: int) -> Mapping[str, float]:
        return {"item bias": float(self.values[item])}

    def times(self, factor: float) -> ItemBias:
        return ItemBias(self.values * factor)

    def of_history(self, items: Tensor) -> Tensor:
        return self.values

    def description(self) -> str:
        return "a number for each item, the same for all users"

    def tensors(self) -> Mapping[str, Tensor]:
        return {"values": self.values}

    @classmethod
    def from_tensors(cls, tensors: Mapping[str, Tensor], train: Interactions) -> ItemBias:
        return cls(tensors["values"])


class WeightedSum(Scorer):
    """``sum of factor * part``; candidates are set by a mask around it."""

    def __init__(self, parts: Sequence[tuple[float, Scorer | Callable[[Tensor], Tensor]]]) -> None:
        self.parts = [(factor, as_scorer(part)) for factor, part in parts]

    def scores(self, users: Tensor) -> Tensor:
        (factor, first), *others = self.parts
        total = first.scores(users) if factor == 1 else factor * first.scores(users)
        for factor, part in others:
            total = total + factor * part.scores(users).to(total.device)
        return total

    def scores_of(self, users: Tensor, items: Tensor) -> Tensor:
        parts = [factor * part.scores_of(users, items) for factor, part in self.parts]
        return torch.stack(parts).sum(0)

    def with_histories(self, train: Interactions) -> Scorer:
        return WeightedSum([(factor, part.with_histories(train)) for factor, part in self.parts])

    def terms(self) -> Sequence[tuple[float, Scorer]]:
        return self.parts
