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


def solve_columns(
    pairs: PairCounts, candidates: list[Any], penalty: Tensor, features: Tensor | None, content_weight: float
) -> Any:
    """``B[C, j] = (G[C, C] + w T_C T_C' + diag penalty[C])^-1 (G[C, j] + w T_C t_j)``, ``C = candidates[j]``, else 0.

    ``penalty`` [I] float32; ``features`` T [I, D]; ``content_weight`` w. Each matrix is factorised in float32 by
    Cholesky (LAPACK). Returns scipy CSR [I, I].
    """
    widths = np.array([len(items) for items in candidates], dtype=np.int64)
    order = np.argsort(widths, kind="stable")
    order = order[int((widths == 0).sum()) :]
    offsets = np.concatenate([[0], widths[order].cumsum()])
    rows = np.empty(offsets[-1], np.int32)
    values = np.empty(offsets[-1], np.float32)
    starts = batch_starts(widths[order])
    ends = dict(zip(starts, [*starts[1:], len(order)], strict=True))

    def work(start: int) -> None:
        columns = torch.from_numpy(order[start : ends[start]])
        width = int(widths[order[ends[start] - 1]])
        real = torch.arange(width) < torch.from_numpy(widths[order[start : ends[start]]])[:, None]  # [n, w]
        chosen = np.concatenate([candidates[column] for column in columns.tolist()])
        places = torch.full(real.shape, len(candidates) - 1)  # what is not real stands behind, as it ascends
        places[real] = torch.from_numpy(chosen.astype(np.int64))
        matrices, targets = gather(pairs, places, columns, real, penalty)
        if features is not None and content_weight:
            mine = features[places] * real[..., None]  # [n, w, D]
            matrices.baddbmm_(mine, mine.mT, alpha=content_weight)
            targets.baddbmm_(mine, features[columns][..., None], alpha=content_weight)
        factors, failed = torch.linalg.cholesky_ex(matrices)
        if bool(failed.any()):
            item = int(columns[int(failed.nonzero()[0])])
            raise UserError(
                f"EASE: the Gram matrix of item {item} is not positive definite: raise model.closed_form.l2."
            )
        solved = torch.cholesky_solve(targets, factors)[..., 0]
        entries = slice(offsets[start], offsets[start + len(columns)])
        rows[entries], values[entries] = chosen, solved[real].numpy()

    in_threads(work, starts)
    size = len(candidates)
    columns = np.repeat(order.astype(np.int32), widths[order])
    return csr_matrix((values, (rows, columns)), shape=(size, size))


def batch_starts(widths: Any) -> list[int]:
    """Where batches start among columns of ascending ``widths``: padded to the last, ``ENTRIES`` at most."""
    starts, first = [], 0
    while first < len(widths):
        starts.append(first)
        sizes = (np.arange(first, len(widths)) - first + 1) * widths[first:] ** 2
        first += max(1, int(np.searchsorted(sizes, ENTRIES, side="right")))
    return starts


def gather(pairs: PairCounts, places: Tensor, columns: Tensor, real: Tensor, penalty: Tensor) -> tuple[Tensor, Tensor]:
    """``G[C, C] + diag penalty[C]`` [n, w, w] and ``G[C, j]`` [n, w, 1]; where a place is not ``real``, the identity.

    ``places`` [n, w] ascend in each row. The half above the diagonal stays 0: Cholesky does not read it.
    """
    n, width = places.shape
    low, high = torch.triu_indices(width, width)
    values = pairs.look_up(places[:, low], places[:, high]) * real[:, high]
    matrices = torch.zeros(n, width, width)
    matrices[:, high, low] = values
    matrices.diagonal(dim1=1, dim2=2).add_(torch.where(real, penalty[places], 1.0))
    mine = columns[:, None]
    targets = pairs.look_up(torch.minimum(places, mine), torch.maximum(places, mine)) * real
    return matrices, targets[..., None]
