"""The inverse of a large positive definite matrix in its own memory, by matrix products."""

from __future__ import annotations

import torch
from torch import Tensor

BASE = 512
"""Rows up to which LAPACK inverts; a larger matrix is cut in two."""

PANELS = 8
"""Pieces in which a symmetric product is made; of each what lies below its diagonal block."""


def invert_positive_definite(matrix: Tensor, base: int = BASE) -> bool:
    """Replaces the matrix [n, n] by its inverse; False, with the matrix spoilt, where it is not positive definite.

    Cut in two, with ``W = A^-1 B`` and ``S = C - B'W``: ``[[A, B], [B', C]]^-1 = [[A^-1 + W S^-1 W', -W S^-1], ..]``,
    and again for A and S. Of its ``1.1 n^3`` operations nearly all are matrix products, which use all cores (LAPACK's
    ``potri`` does not). Needs ``n^2 / 3`` further numbers of memory.
    """
    n = len(matrix)
    if n <= base:
        factor, failed = torch.linalg.cholesky_ex(matrix)
        if int(failed):
            return False
        matrix.copy_(torch.cholesky_inverse(factor))
        return True
    half = n // 2
    first, second = matrix[:half, :half], matrix[half:, half:]
    right, below = matrix[:half, half:], matrix[half:, :half]
    if not invert_positive_definite(first, base):
        return False
    product = first @ right
    subtract_symmetric_product(second, below, product)
    if not invert_positive_definite(second, base):
        return False
    torch.mm(product, second, out=right)
    right.neg_()
    subtract_symmetric_product(first, right, product.T)
    below.copy_(right.T)
    return True


def subtract_symmetric_product(total: Tensor, left: Tensor, right: Tensor) -> None:
    """``total -= left @ right`` [n, n], a product that is symmetric: its lower half is made, and mirrored."""
    n = len(total)
    step = -(-n // PANELS)
    for start in range(0, n, step):
        end = min(start + step, n)
        total[start:, start:end].addmm_(left[start:], right[:, start:end], alpha=-1)
        total[start:end, end:].copy_(total[end:, start:end].T)
