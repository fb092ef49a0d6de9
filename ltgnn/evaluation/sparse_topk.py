"""Lists from scores that are nearly all 0: only the others are made and sorted."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from scipy.sparse import csr_matrix
from torch import Tensor

from ltgnn.evaluation.exact_topk import decode_keys, fail_on_nan, largest, side_by_side
from ltgnn.types import SparseScores


class SparseTopK:
    """Finds lists of ``k`` for ``users`` [n], in blocks of ``size`` users, from what ``scores`` gives for a block.

    A list is exact where ``k`` items or more have a score above 0; elsewhere items of score 0 have a place, and the
    list is not resolved. ``candidates`` [I] bool; None: all items.
    """

    def __init__(self, scores: SparseScores, users: Tensor, candidates: Tensor | None, k: int, size: int) -> None:
        self.scores, self.users, self.k, self.size = scores, users.cpu(), k, size
        self.candidates = None if candidates is None else candidates.numpy()

    def lists(self, rows: slice, place: Tensor, seen: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Items [b, k] and scores [b, k] of some users, and whether they are resolved [b]; else the lists mean nothing.

        ``place`` and ``seen``: a pair for each item that is not a candidate, user (by the place in the block) and item.
        """
        users = self.users[rows]
        found: Any = exclude(self.scores(users), place, seen)
        positive = found.data > 0
        if self.candidates is not None:
            positive &= self.candidates[found.indices]
        row = np.repeat(np.arange(len(users)), np.diff(found.indptr))[positive]
        values = torch.from_numpy(found.data[positive].astype(np.float32, copy=False))
        keys = side_by_side(len(users), self.k, row, values, torch.from_numpy(found.indices[positive]).long())
        items, scores = decode_keys(largest(keys, self.k).sort(1, descending=True).values)
        return items, scores, torch.from_numpy(np.bincount(row, minlength=len(users)) >= self.k)


def exclude(scores: Any, place: Tensor, items: Tensor) -> Any:
    """``scores`` with -inf at the pairs of a row and an item, [e] and [e].  scipy CSR [n, I] -> the same

    Raises ``UserError`` when a score is nan.
    """
    excluded: Any = np.full(len(items), -np.inf, np.float32)
    found = scores + csr_matrix((excluded, (place.numpy(), items.numpy())), shape=scores.shape)
    fail_on_nan(torch.from_numpy(found.data))
    return found
