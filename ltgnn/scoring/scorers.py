"""Scores that are sums of tables: what can be stored as plain tensors and served without the model that made them.

Nearly every model ends here: a GNN in inner products, a closed form in weights between items, a dial in one of these or
in a number per item. ``pieces`` takes a scorer apart; one that is no such sum (MACR's product of sigmoids) stays whole.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol, runtime_checkable

import torch
from torch import Tensor
from torch.nn import functional as F

from ltgnn.scoring.masked import Restricted
from ltgnn.tensors.csr import entries_of
from ltgnn.types import Scorer


@dataclass(frozen=True)
class Inner:
    """``s(u, i) = <users[u], table[:, i]>``."""

    users: Tensor  # [U, d]
    table: Tensor  # [d, I]

    def __call__(self, users: Tensor) -> Tensor:
        return self.users[users] @ self.table

    def scores_into(self, users: Tensor, out: Tensor) -> None:
        """The scores written into ``out`` [B, I]: new memory for each block would cost as much as the product."""
        torch.mm(self.users[users], self.table, out=out)

    @property
    def factors(self) -> tuple[Tensor, Tensor]:
        """Users [U, d] and items [d, I] of which the scores are the inner products: all that ranking them needs."""
        return self.users, self.table

    def times(self, factor: float) -> Inner:
        return replace(self, users=self.users * factor)


@dataclass(frozen=True)
class Constant:
    """``s(u, i) = values[i]`` for every user."""

    values: Tensor  # [I]

    def __call__(self, users: Tensor) -> Tensor:
        return self.values.to(users.device).expand(len(users), -1)

    def times(self, factor: float) -> Constant:
        return Constant(self.values * factor)


@dataclass(frozen=True)
class DenseItems:
    """``s(u, .) = sum over the train items j of u of weights[j]``, dense weights [I, I]."""

    offsets: Tensor  # [U + 1] of the train items by user
    items: Tensor  # [E]
    weights: Tensor  # [I, I]

    def __call__(self, users: Tensor) -> Tensor:
        offsets, places = entries_of(self.offsets, users)
        return F.embedding_bag(self.items[places], self.weights, offsets[:-1], mode="sum")

    def by_history(self, user: int, item: int) -> tuple[Tensor, Tensor]:
        """As ``PerHistory``."""
        mine = self.items[self.offsets[user] : self.offsets[user + 1]]
        return mine, self.weights[mine, item].double()

    def times(self, factor: float) -> DenseItems:
        return replace(self, weights=self.weights * factor)


@dataclass(frozen=True)
class SparseItems:
    """``s(u, .) = scale[u] * sum over the train items j of u of weights[j]``, scipy CSR weights [I, I]."""

    rows: Any  # [U, I] scipy CSR, 1 where the user has the item
    weights: Any  # [I, I] scipy CSR
    scale: Tensor | None = None  # [U]; None: 1

    def __call__(self, users: Tensor) -> Tensor:
        scores = torch.from_numpy((self.rows[users.cpu().numpy()] @ self.weights).toarray())
        return scores if self.scale is None else scores * self.scale[users.cpu(), None]

    def by_history(self, user: int, item: int) -> tuple[Tensor, Tensor]:
        """As ``PerHistory``."""
        mine = self.rows[user].indices
        values = torch.from_numpy(self.weights[mine, item].toarray()[:, 0]).double()
        return torch.from_numpy(mine).long(), values if self.scale is None else values * self.scale[user].double()

    def times(self, factor: float) -> SparseItems:
        return replace(self, weights=self.weights * factor)


Piece = Inner | Constant | DenseItems | SparseItems


@dataclass(frozen=True)
class Total:
    """``sum of factor * part``; parts that are no candidates' business add to all items."""

    parts: Sequence[tuple[float, Scorer]]

    def __call__(self, users: Tensor) -> Tensor:
        (factor, first), *others = self.parts
        total = first(users) if factor == 1 else factor * first(users)
        for factor, part in others:
            total = total + factor * part(users).to(total.device)
        return total

    def pieces(self) -> list[Piece] | None:
        found: list[Piece] = []
        for factor, part in self.parts:
            inside = pieces(part)
            if inside is None:
                return None
            found += [piece if factor == 1 else piece.times(factor) for piece in inside]
        return found


@runtime_checkable
class PerHistory(Protocol):
    """A scorer whose score is a sum over the user's train items."""

    def by_history(self, user: int, item: int) -> tuple[Tensor, Tensor]:
        """Train items of the user [n], and what each adds to the score of ``item`` [n] float64."""
        ...


@runtime_checkable
class Divisible(Protocol):
    """A scorer of another form that equals a sum of pieces."""

    def pieces(self) -> list[Piece] | None: ...


def pieces(scorer: Scorer) -> list[Piece] | None:
    """The pieces whose sum a scorer is, apart from which items are candidates; None: it is no such sum."""
    if isinstance(scorer, Restricted):
        return pieces(scorer.score)
    if isinstance(scorer, Inner | Constant | DenseItems | SparseItems):
        return [scorer]
    return scorer.pieces() if isinstance(scorer, Divisible) else None
