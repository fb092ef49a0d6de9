"""Scores that are sums of tables: what can be stored as plain tensors and served without the model that made them.

Nearly every model ends here: a GNN in inner products, a closed form in weights between items, an adjustment in one of
these or in a number per item. ``forms.decompose`` splits a scorer into them; one that is not such a sum (MACR's product
of sigmoids) has none.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
import torch
from scipy.sparse import csr_matrix
from torch import Tensor
from torch.nn import functional as F

from ltgnn.tensors.csr import entries_of
from ltgnn.types import Interactions, Scorer, as_scorer


class ScoreTable(Scorer):
    """A scorer that is plain tensors: it can be exported, and can score a user given only a history."""

    form: ClassVar[str]
    """What it is called in an export."""

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


@dataclass(frozen=True)
class ItemItemWeights(ScoreTable):
    """``s(u, .) = sum over the train items j of u of weights[j]``, dense weights [I, I]."""

    offsets: Tensor  # [U + 1] of the train items by user
    items: Tensor  # [E]
    weights: Tensor  # [I, I]

    form = "items"
    label = "item weights"

    def scores(self, users: Tensor) -> Tensor:
        offsets, places = entries_of(self.offsets, users)
        return F.embedding_bag(self.items[places], self.weights, offsets[:-1], mode="sum")

    def history_terms(self, user: int, item: int) -> tuple[Tensor, Tensor]:
        mine = self.items[self.offsets[user] : self.offsets[user + 1]]
        return mine, self.weights[mine, item].double()

    def times(self, factor: float) -> ItemItemWeights:
        return replace(self, weights=self.weights * factor)

    def of_history(self, items: Tensor) -> Tensor:
        return self.weights[items].sum(0)

    def description(self) -> str:
        return "sum over the user's train items of dense weights between items"

    def tensors(self) -> Mapping[str, Tensor]:
        return {"weights": self.weights}

    @classmethod
    def from_tensors(cls, tensors: Mapping[str, Tensor], train: Interactions) -> ItemItemWeights:
        return cls(*train.by_user, tensors["weights"])


@dataclass(frozen=True)
class SparseItemItemWeights(ScoreTable):
    """``s(u, .) = scale[u] * sum over the train items j of u of weights[j]``, scipy CSR weights [I, I]."""

    rows: Any  # [U, I] scipy CSR, 1 where the user has the item
    weights: Any  # [I, I] scipy CSR
    scale: Tensor | None = None  # [U]; None: 1

    form = "sparse items"
    label = "item weights"

    def scores(self, users: Tensor) -> Tensor:
        scores = torch.from_numpy((self.rows[users.cpu().numpy()] @ self.weights).toarray())
        return scores if self.scale is None else scores * self.scale[users.cpu(), None]

    def scores_of(self, users: Tensor, items: Tensor) -> Tensor:
        scores = torch.from_numpy((self.rows[users.cpu().numpy()] @ self._columns[:, items.cpu().numpy()]).toarray())
        return scores if self.scale is None else scores * self.scale[users.cpu(), None]

    @cached_property
    def _columns(self) -> Any:
        """The weights by the item that receives."""
        return self.weights.tocsc()

    def history_terms(self, user: int, item: int) -> tuple[Tensor, Tensor]:
        mine = self.rows[user].indices
        values = torch.from_numpy(self.weights[mine, item].toarray()[:, 0]).double()
        return torch.from_numpy(mine).long(), values if self.scale is None else values * self.scale[user].double()

    def times(self, factor: float) -> SparseItemItemWeights:
        return replace(self, weights=self.weights * factor)

    def of_history(self, items: Tensor) -> Tensor:
        return torch.from_numpy(self.weights[items.numpy()].sum(0)).float().flatten()

    def description(self) -> str:
        return "sum over the user's train items of sparse weights between items"

    def tensors(self) -> Mapping[str, Tensor]:
        weights = self.weights.tocsr()
        parts = {"offsets": weights.indptr, "columns": weights.indices, "values": weights.data}
        scale = {} if self.scale is None else {"scale": self.scale}
        return {name: torch.from_numpy(array) for name, array in parts.items()} | scale

    @classmethod
    def from_tensors(cls, tensors: Mapping[str, Tensor], train: Interactions) -> SparseItemItemWeights:
        ones: Any = np.ones(len(train), np.float32)
        rows = csr_matrix((ones, (train.users.numpy(), train.items.numpy())), (train.num_users, train.num_items))
        arrays = tuple(tensors[part].numpy() for part in ("values", "columns", "offsets"))
        return cls(rows, csr_matrix(arrays, (train.num_items, train.num_items)), tensors.get("scale"))


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
