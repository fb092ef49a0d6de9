"""How many users have both of two items: the Gram matrix ``X'X``, sparse, made in blocks of items."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from scipy.sparse import csr_matrix, diags
from torch import Tensor

from ltgnn.models.closed_form.matrix import binary
from ltgnn.types import Interactions

ENTRIES = 30_000_000
"""Products of a block of rows, at most: what bounds its memory, some 12 bytes each."""


@dataclass(frozen=True)
class PairCounts:
    """``G = X' diag(m^-user_norm) X``, the half with column >= row; the other half is its mirror image."""

    keys: Tensor  # row * num_items + column, ascending  [N] int64
    values: Tensor  # [N] float32
    num_items: int

    def look_up(self, low: Tensor, high: Tensor) -> Tensor:
        """``G[low, high]``, entry by entry, with ``low <= high``; 0 where no user has both.

        int64 [...], [...] -> [...] float32. Quickest where the pairs ascend: what is near in memory is read together.
        """
        wanted = low * self.num_items + high
        places = torch.searchsorted(self.keys, wanted).clamp_(max=len(self.keys) - 1)
        return torch.where(self.keys[places] == wanted, self.values[places], 0.0)

    @property
    def diagonal(self) -> Tensor:
        """[I] float32"""
        items = torch.arange(self.num_items)
        return self.look_up(items, items)


class GramRows:
    """``X' diag(m^-user_norm) X`` in blocks of whole rows, of at most ``entries`` products or one row.

    ``matrix``: X, scipy CSR [U, I]. ``starts``: the first row of each block.
    """

    def __init__(self, matrix: Any, user_norm: float, entries: int = ENTRIES) -> None:
        lengths = np.diff(matrix.indptr)
        self.by_item = matrix.T.tocsr()
        if user_norm:
            matrix = (diags(np.maximum(lengths, 1.0) ** -user_norm) @ matrix).tocsr().astype(np.float32)
        self.matrix, self.num_items = matrix, matrix.shape[1]
        products = np.concatenate([[0], (self.by_item @ lengths.astype(np.float64)).cumsum()])
        self.starts = list(_starts(products, entries))

    def block(self, start: int) -> Any:
        """The block that begins with row ``start``, one of ``starts``.  scipy CSR [n, I], columns ascending"""
        place = self.starts.index(start) + 1
        end = self.starts[place] if place < len(self.starts) else self.num_items
        block = (self.by_item[start:end] @ self.matrix).tocsr()
        block.sort_indices()
        return block


def _starts(products: Any, entries: int) -> Iterator[int]:
    """Where blocks begin, ``products`` [I + 1] being how many there are before each row."""
    start, rows = 0, len(products) - 1
    while start < rows:
        yield start
        start = max(int(np.searchsorted(products, products[start] + entries, side="right")) - 1, start + 1)


def upper_half(start: int, block: Any, counts: Any, least_cosine: float) -> tuple[Tensor, Tensor]:
    """Keys and values (``PairCounts``) of the rows ``start``, ``start + 1``, .. of ``G``, scipy CSR [n, I].

    A pair whose ``G_ij / sqrt(count_i count_j)`` is below ``least_cosine`` is left out.  ``counts`` numpy [I]
    """
    rows = np.repeat(np.arange(start, start + block.shape[0]), np.diff(block.indptr))
    kept = block.indices >= rows
    if least_cosine:
        root = np.sqrt(np.maximum(counts, 1.0)).astype(np.float32)
        kept &= (block.data >= least_cosine * root[rows] * root[block.indices]) | (block.indices == rows)
    keys = rows[kept] * np.int64(block.shape[1]) + block.indices[kept]
    return torch.from_numpy(keys), torch.from_numpy(block.data[kept].astype(np.float32, copy=False))


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
