"""How many users have both of two items: the Gram matrix ``X'X``, sparse, made in blocks of items."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
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

    upper: Any  # scipy CSR [I, I] float32, columns ascending

    def among(self, items: Any) -> Tensor:
        """``G`` of some items, which ascend, the half with column >= row; below it 0.  numpy [m] -> [m, m] float32"""
        return torch.from_numpy(self.upper[items][:, items].toarray())

    def look_up(self, low: Tensor, high: Tensor) -> Tensor:
        """``G[low, high]``, entry by entry, with ``low <= high``; 0 where no user has both.

        int64 [...], [...] -> [...] float32
        """
        if not len(self._keys):
            return torch.zeros(low.shape)
        wanted = low * self.upper.shape[0] + high
        places = torch.searchsorted(self._keys, wanted).clamp_(max=len(self._keys) - 1)
        return torch.where(self._keys[places] == wanted, torch.from_numpy(self.upper.data)[places], 0.0)

    @property
    def diagonal(self) -> Tensor:
        """[I] float32"""
        return torch.from_numpy(self.upper.diagonal())

    @cached_property
    def _keys(self) -> Tensor:
        """row * I + column of each entry, ascending.  [N] int64"""
        rows = np.repeat(np.arange(self.upper.shape[0]), np.diff(self.upper.indptr))
        return torch.from_numpy(rows * self.upper.shape[0] + self.upper.indices)


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


def upper_half(start: int, block: Any, counts: Any, least_cosine: float) -> Any:
    """Of the rows ``start``, ``start + 1``, .. of ``G`` the entries with column >= row.  scipy CSR [n, I] -> [n, I]

    A pair whose ``G_ij / sqrt(count_i count_j)`` is below ``least_cosine`` is left out.  ``counts`` numpy [I]
    """
    rows = np.repeat(np.arange(start, start + block.shape[0]), np.diff(block.indptr))
    kept = block.indices >= rows
    if least_cosine:
        root = np.sqrt(np.maximum(counts, 1.0)).astype(np.float32)
        kept &= (block.data >= least_cosine * root[rows] * root[block.indices]) | (block.indices == rows)
    offsets = np.concatenate([[0], kept.cumsum()])[block.indptr]
    half: Any = csr_matrix((block.data[kept], block.indices[kept], offsets), shape=block.shape)
    return half


def shorten_histories(train: Interactions, longest: int) -> Any:
    """``X`` with a random sample of ``longest`` items of each longer history; the same at each call.  scipy CSR [U, I]

    The pairs of a history grow with its square: one user with 100,000 items would have 5e9. A sample depends on its
    user alone, and a further item replaces one of it at most.
    """
    matrix = binary(train)
    lengths = np.diff(matrix.indptr)
    kept = np.ones(matrix.nnz, dtype=bool)
    for user in np.flatnonzero(lengths > longest):
        entries = slice(matrix.indptr[user], matrix.indptr[user + 1])
        place = np.random.default_rng([0, int(user)]).random(train.num_items)[matrix.indices[entries]]
        kept[entries] = place <= np.partition(place, longest - 1)[longest - 1]
    if kept.all():
        return matrix
    users, ones = np.repeat(np.arange(train.num_users), lengths)[kept], np.ones(int(kept.sum()), np.float32)
    shortened: Any = csr_matrix((ones, (users, matrix.indices[kept])), shape=matrix.shape)
    return shortened
