"""How many users have both of two items: the Gram matrix ``X'X``, sparse, made in blocks of items."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.sparse import csr_matrix, diags

from ltgnn.models.closed_form.matrix import binary
from ltgnn.types import Interactions

ENTRIES = 30_000_000
"""Products of a block of rows, at most: what bounds its memory, some 12 bytes each."""


@dataclass(frozen=True)
class PairCounts:
    """``G = X' diag(m^-user_norm) X``, the half with column >= row; the other half is its mirror image."""

    upper: Any  # scipy CSR [I, I] float32, columns ascending

    def look_up(self, one: Any, other: Any) -> Any:
        """``G[one, other]``, entry by entry.  numpy [...], [...] -> [...] float32"""
        low, high = np.minimum(one, other).ravel(), np.maximum(one, other).ravel()
        return np.asarray(self.upper[low, high], dtype=np.float32).reshape(one.shape)

    @property
    def diagonal(self) -> Any:
        """[I] float32"""
        return self.upper.diagonal()


def shorten_histories(train: Interactions, longest: int) -> Any:
    """``X`` with a random sample of ``longest`` items of each longer history; the same at each call.  scipy CSR [U, I]

    The pairs of a history grow with its square: one user with 100,000 items would have 5e9.
    """
    matrix = binary(train)
    lengths = np.diff(matrix.indptr)
    if (lengths <= longest).all():
        return matrix
    users = np.repeat(np.arange(train.num_users), lengths)
    order = np.lexsort((np.random.default_rng(0).random(len(users)), users))
    place = np.arange(len(users)) - np.repeat(matrix.indptr[:-1], lengths)
    kept = np.sort(order[place < longest])
    ones: Any = np.ones(len(kept), np.float32)
    return csr_matrix((ones, (users[kept], matrix.indices[kept])), shape=matrix.shape)


def pair_blocks(matrix: Any, user_norm: float, entries: int = ENTRIES) -> Iterator[tuple[int, Any]]:
    """``X' diag(m^-user_norm) X`` as blocks of whole rows: number of the first, scipy CSR [n, I].

    ``matrix``: scipy CSR [U, I]; a block has at most ``entries`` products, or one row.
    """
    lengths = np.diff(matrix.indptr)
    by_item = matrix.T.tocsr()
    products = np.concatenate([[0], (by_item @ lengths.astype(np.float64)).cumsum()])
    if user_norm:
        matrix = (diags(np.maximum(lengths, 1.0) ** -user_norm) @ matrix).tocsr().astype(np.float32)
    start, num_items = 0, by_item.shape[0]
    while start < num_items:
        end = int(np.searchsorted(products, products[start] + entries, side="right")) - 1
        end = min(max(end, start + 1), num_items)
        block = (by_item[start:end] @ matrix).tocsr()
        block.sort_indices()
        yield start, block
        start = end
