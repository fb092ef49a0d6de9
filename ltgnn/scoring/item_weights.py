"""Scores that are sums of weights between the items of a user's history and all items."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import torch
from scipy.sparse import csr_matrix
from torch import Tensor
from torch.nn import functional as F

from ltgnn.scoring.scorers import ScoreTable
from ltgnn.tensors.csr import entries_of
from ltgnn.types import Interactions, SparseScores


@dataclass(frozen=True)
class ItemItemWeights(ScoreTable):
    """``s(u, .) = sum over the train items j of u of weights[j]``, dense weights [I, I]."""

    offsets: Tensor  # [U + 1] of the train items by user
    items: Tensor  # [E]
    weights: Tensor  # [I, I]

    form = "items"
    kept = False  # 6.4 GB at 40,000 items
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

    @property
    def sparse_scores(self) -> SparseScores:
        return self._scores_not_zero

    @property
    def item_weights(self) -> Any:
        return self.weights

    def _scores_not_zero(self, users: Tensor) -> Any:
        found = self.rows[users.cpu().numpy()] @ self.weights
        if self.scale is not None:
            found.data *= np.repeat(self.scale[users.cpu()].numpy(), np.diff(found.indptr))
        return found

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
