"""Which columns of local EASE new interactions change, and how far each would move at most."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from scipy.sparse import csc_matrix, diags
from torch import Tensor

from ltgnn.models.closed_form.pair_counts import PairCounts
from ltgnn.tensors.threads import in_threads

ENTRIES = 10_000_000
"""Of a dense block [I, n] of residuals, at most: 40 MB."""


def changed_histories(before: Any, after: Any) -> tuple[Any, Any]:
    """What users gained (1) and lost (-1), and which users did; both sides scipy CSR [U, I].  CSR [U, I], [u] int64"""
    difference = (after - before).tocsr()
    difference.eliminate_zeros()
    return difference, np.flatnonzero(np.diff(difference.indptr))


def changed_items(before: Any, after: Any, user_norm: float) -> Any:
    """Items one of whose pairs may count otherwise: those that a user gained or lost.  scipy CSR [U, I] -> [I] bool

    With a ``user_norm`` each pair of a history counts by its length: all items of a history that changed.
    """
    difference, users = changed_histories(before, after)
    changed = np.zeros(after.shape[1], dtype=bool)
    for matrix in (before, after) if user_norm else (difference,):
        changed[matrix[users].indices] = True
    return changed


def structure(candidates: list[Any]) -> Any:
    """1 where an item (row) is a candidate of another (column).  scipy CSC [I, I] int8"""
    offsets = np.concatenate([[0], np.cumsum([len(items) for items in candidates])])
    rows = np.concatenate([np.empty(0, np.int64), *candidates])
    return csc_matrix((np.ones(len(rows), np.int8), rows, offsets), shape=(len(candidates), len(candidates)))


def touched_columns(before: Any, after: Any, changed: Any) -> Any:
    """Columns of ``changed`` items, of those with one among their candidates, and of those with other candidates.

    No other column can change: ``G[C, C]`` and ``G[C, j]`` have no pair of a changed item. ``before`` and ``after``:
    the candidates (``structure``).  [I] bool
    """
    rows = changed.astype(np.int64)
    other = (after - before).tocsc()
    other.eliminate_zeros()
    return changed | (before.T @ rows > 0) | (after.T @ rows > 0) | (np.diff(other.indptr) > 0)


@dataclass(frozen=True)
class Residuals:
    """``A b - a`` of earlier columns ``b`` in the systems ``A b = a`` of now, as ``|b - A^-1 a| <= |A b - a| / l2``.

    On the candidates of then and of now. What ``b`` left in its own system is taken for 0, so that of a pair of earlier
    candidates only what users gained or lost counts; for a new candidate all that ``b`` leaves counts.
    """

    before: Any  # scipy CSR [u, I], the rows of the users that changed, each times the root of its weight in G
    after: Any
    penalty: Any  # [I] of the changes of the penalty
    pairs: PairCounts  # of now
    features: tuple[Tensor, Tensor] | None  # [I, D] of then and of now (the same tensor: they are equal), by root of w

    @classmethod
    def of(
        cls, before: Any, after: Any, user_norm: float, denoise: float, pairs: PairCounts,
        features: tuple[Tensor, Tensor] | None,
    ) -> Residuals:  # fmt: skip
        """``before`` and ``after``: histories, scipy CSR [U, I]; ``denoise``: of ``G_ii``, the further penalty."""
        users, rows = changed_histories(before, after)[1], list[Any]()
        for matrix in (before, after):
            mine = matrix[users]
            rows.append((diags(np.maximum(np.diff(mine.indptr), 1.0) ** (-user_norm / 2)) @ mine).tocsr())
        diagonals = [np.asarray(mine.power(2).sum(0)).ravel() for mine in rows]
        return cls(rows[0], rows[1], denoise * (diagonals[1] - diagonals[0]), pairs, features)

    def norms(self, weights: Any, candidates: Any) -> Any:
        """``weights`` scipy CSC [I, I], ``candidates`` of now (``structure``) -> [I] float64"""
        size = weights.shape[0]
        norms, step = np.zeros(size), max(1, ENTRIES // size)

        def work(start: int) -> None:
            columns = slice(start, min(start + step, size))
            norms[columns] = self._of_block(start, weights[:, columns], candidates[:, columns])

        in_threads(work, range(0, size, step))
        return norms

    def _of_block(self, start: int, weights: Any, candidates: Any) -> Any:
        end = start + weights.shape[1]
        left = [(rows[:, start:end] - rows @ weights).toarray() for rows in (self.before, self.after)]  # [u, n]
        residual = np.asarray(self.after.T @ left[1] - self.before.T @ left[0])  # [I, n]
        if self.penalty.any():
            residual -= self.penalty[:, None] * weights.toarray()
        if self.features is not None and self.features[0] is not self.features[1]:
            for sign, unit in zip((-1.0, 1.0), self.features, strict=True):
                residual += sign * (unit.numpy() @ self._features_left(unit, start, weights).T)
        residual *= weights.astype(bool).toarray()  # on the earlier candidates
        new = (candidates - weights.astype(bool).astype(np.int8)).tocoo()
        rows, columns = new.row[new.data > 0], new.col[new.data > 0]
        residual[rows, columns] = self._of_new(rows, columns, start, weights)
        return np.sqrt(np.square(residual, dtype=np.float64).sum(0))

    @staticmethod
    def _features_left(unit: Tensor, start: int, weights: Any) -> Any:
        """``t_j - T' b_j`` of the columns.  [n, D]"""
        return unit.numpy()[start : start + weights.shape[1]] - weights.T @ unit.numpy()

    def _of_new(self, rows: Any, columns: Any, start: int, weights: Any) -> Any:
        """``G_ij - G_i. b_j`` of pairs of a new candidate and its column.  [p], [p] -> [p]"""
        lengths = np.diff(weights.indptr)[columns]
        entries = np.repeat(weights.indptr[columns] - np.r_[0, lengths.cumsum()[:-1]], lengths) + np.arange(
            lengths.sum()
        )
        mine = np.repeat(rows, lengths)
        sums = np.bincount(
            np.repeat(np.arange(len(rows)), lengths),
            self._pairs(mine, weights.indices[entries]) * weights.data[entries], len(rows),
        )  # fmt: skip
        found = self._pairs(rows, columns + start) - sums
        if self.features is not None:
            unit = self.features[1]
            found += np.einsum("pd,pd->p", unit.numpy()[rows], self._features_left(unit, start, weights)[columns])
        return found

    def _pairs(self, one: Any, other: Any) -> Any:
        low, high = (torch.from_numpy(f(one, other).astype(np.int64)) for f in (np.minimum, np.maximum))
        return self.pairs.look_up(low, high).numpy()
