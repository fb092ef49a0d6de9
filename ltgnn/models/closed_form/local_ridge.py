"""Ridge regressions of each item on a few others, in batches of equal width."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from scipy.sparse import csr_matrix
from torch import Tensor

from ltgnn.models.closed_form.pair_counts import PairCounts
from ltgnn.tensors.threads import in_threads
from ltgnn.types import UserError

ENTRIES = 4_000_000
"""Of the matrices of a batch [n, w, w], at most: 16 MB."""

SMALL = 2048
"""Items whose dense table of pairs is made without a further thought: 4 MB."""

WIDER = 1.25
"""Columns are filled up with nothing to at most this times their width."""


def solve_columns(
    pairs: PairCounts, candidates: list[Any], penalty: Tensor, features: Tensor | None, content_weight: float
) -> Any:
    """``B[C, j] = (G[C, C] + w T_C T_C' + diag penalty[C])^-1 (G[C, j] + w T_C t_j)``, ``C = candidates[j]``, else 0.

    ``candidates`` ascend; ``penalty`` [I] float32; ``features`` T [I, D]; ``content_weight`` w. Each matrix is
    factorised in float32 by Cholesky (LAPACK). Columns whose candidates overlap are solved together, from a small dense
    table of the pairs of all their candidates. Returns scipy CSR [I, I].
    """
    widths = np.array([len(items) for items in candidates], dtype=np.int64)
    order = overlapping(candidates, widths)
    offsets = np.concatenate([[0], widths[order].cumsum()])
    rows = np.empty(offsets[-1], np.int32)
    values = np.empty(offsets[-1], np.float32)
    starts = batch_starts(widths[order])
    ends = dict(zip(starts, [*starts[1:], len(order)], strict=False))  # none where no column has candidates

    def work(start: int) -> None:
        solve(start, ends[start])

    def solve(start: int, end: int) -> None:
        columns, width = order[start:end], int(widths[order[start:end]].max())
        chosen = np.concatenate([candidates[column] for column in columns])
        items = np.unique(np.concatenate([chosen, columns]))
        if len(items) > SMALL and len(items) ** 2 > 4 * len(columns) * width**2 and len(columns) > 1:
            middle = (start + end) // 2  # the table would take longer than what is read from it
            solve(start, middle)
            solve(middle, end)
            return
        table = pairs.among(items)
        real = torch.arange(width) < torch.from_numpy(widths[columns])[:, None]  # [n, w]
        places = torch.full(real.shape, len(items) - 1)  # what is not real stands behind, as it ascends
        places[real] = torch.from_numpy(np.searchsorted(items, chosen))
        targets = torch.from_numpy(np.searchsorted(items, columns))
        unit = features[torch.from_numpy(items)] if features is not None and content_weight else None
        given = penalty[torch.from_numpy(items)]
        solved, failed = ridge(table, places, targets, real, given, unit, content_weight)
        if bool(failed.any()):
            raise UserError(
                f"model=ease_local: the Gram matrix of item {columns[failed.numpy()][0]} with the penalty is not "
                "positive definite: raise model.closed_form.l2."
            )
        entries = slice(offsets[start], offsets[end])
        rows[entries], values[entries] = chosen, solved[real].numpy()

    in_threads(work, starts)
    size = len(candidates)
    columns = np.repeat(order.astype(np.int32), widths[order])
    return csr_matrix((values, (rows, columns)), shape=(size, size))


def overlapping(candidates: list[Any], widths: Any) -> Any:
    """Columns with candidates, those with many in common side by side, by classes of width.  [n]

    Ordered by the least of their candidates in two random orders: it is the same with the probability of their Jaccard
    similarity (min-wise hashing: Broder, "On the resemblance and containment of documents", 1997).
    """
    filled = np.flatnonzero(widths)
    if not len(filled):
        return filled
    chosen = np.concatenate([candidates[column] for column in filled])
    starts = np.concatenate([[0], widths[filled].cumsum()[:-1]])
    generator = np.random.default_rng(0)
    first, second = (np.minimum.reduceat(generator.permutation(len(candidates))[chosen], starts) for _ in range(2))
    return filled[np.lexsort((second, first, width_classes(widths[filled])))]


def width_classes(widths: Any) -> Any:
    """Numbers of classes, in each of which the widest is at most ``WIDER`` times the narrowest.  [n] -> [n] int64"""
    return np.floor(np.log(widths) / np.log(WIDER)).astype(np.int64)


def batch_starts(widths: Any) -> list[int]:
    """Where batches start among columns of ``widths``, by classes: ``ENTRIES`` at most, one class each."""
    classes, starts, first = width_classes(widths), [], 0
    while first < len(widths):
        starts.append(first)
        sizes = (np.arange(first, len(widths)) - first + 1) * np.maximum.accumulate(widths[first:]) ** 2
        fitting = int(np.searchsorted(sizes, ENTRIES, side="right"))
        alike = int((classes[first:] != classes[first]).argmax()) or len(widths) - first
        first += max(1, min(fitting, alike))
    return starts


def ridge(
    table: Tensor,
    places: Tensor,
    columns: Tensor,
    real: Tensor,
    penalty: Tensor,
    features: Tensor | None,
    content_weight: float,
) -> tuple[Tensor, Tensor]:
    """The ridge of each column on its candidates [n, w]; whether its matrix is not positive definite [n] bool.

    Of the ``m`` items of a batch: ``table`` [m, m], G with column >= row, ``penalty`` [m], ``features`` [m, D]; of its
    columns: ``places`` [n, w] of candidates, ascending, of which some are not ``real`` [n, w], ``columns`` [n].
    """
    n, width = places.shape
    flat, size = table.view(-1), len(table)
    matrices = torch.zeros(n, width, width)
    for matrix, row, filled in zip(matrices.numpy(), places.numpy(), real.sum(1).tolist(), strict=True):
        chosen = row[:filled]
        matrix[:filled, :filled] = flat.numpy().take(chosen * size + chosen[:, None])  # Cholesky reads the lower half
    matrices.diagonal(dim1=1, dim2=2).add_(torch.where(real, penalty[places], 1.0))
    mine = columns[:, None]
    targets = (flat[torch.minimum(places, mine) * size + torch.maximum(places, mine)] * real)[..., None]
    if features is not None:
        content = features[places] * real[..., None]  # [n, w, D]
        matrices.baddbmm_(content, content.mT, alpha=content_weight)
        targets.baddbmm_(content, features[columns][..., None], alpha=content_weight)
    factors, failed = torch.linalg.cholesky_ex(matrices)
    return torch.cholesky_solve(targets, factors)[..., 0], failed > 0
