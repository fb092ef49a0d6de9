"""EASE, and EASE that sees item features as further users."""

from __future__ import annotations

from typing import Annotated, ClassVar

import torch
from annotated_types import Ge
from scipy.linalg import get_lapack_funcs
from torch import Tensor
from torch.nn import functional as F

from ltgnn.models.closed_form.matrix import gram, linear_scorer
from ltgnn.types import Interactions, Scorer, UserError

BLOCK = 1024
"""Rows of a square that is mirrored at its diagonal at a time."""


class EASE:
    """Item-item ridge regression with zero diagonal, ``s = X B`` (Steck, WWW 2019, arXiv:1905.03375).

    ``P = (X'X + l2 I)^-1``, ``B = -P / diag(P)`` by columns, 0 on the diagonal. Time I^3, memory
    4 I^2 bytes in addition to the sparse product; ``max_items`` rejects a catalogue that would not fit.
    """

    reads_features: ClassVar[bool] = False

    def __init__(self, l2: Annotated[float, Ge(0)], max_items: Annotated[int, Ge(1)]) -> None:
        self.l2, self.max_items = l2, max_items

    def fit(self, train: Interactions, features: Tensor | None) -> Scorer:
        if train.num_items > self.max_items:
            raise UserError(
                f"model=ease on {train.num_items:,} items needs about {8e-9 * train.num_items**2:.0f} GB; the limit is "
                f"{self.max_items:,} items. Raise model.closed_form.max_items if the memory is there."
            )
        matrix = self.gram(train, features)
        matrix.diagonal().add_(self.l2)
        inverse = invert_positive_definite(matrix)
        weights = inverse.div_(-inverse.diagonal().clone())
        weights.fill_diagonal_(0)
        return linear_scorer(train, weights)

    def gram(self, train: Interactions, features: Tensor | None) -> Tensor:
        """What the items have in common.  [I, I]"""
        return gram(train)


def invert_positive_definite(matrix: Tensor) -> Tensor:
    """The inverse of a positive definite matrix in its own memory, by Cholesky (LAPACK potrf, potri).  [I, I]"""
    columns = matrix.numpy().T  # the same memory as LAPACK reads it; the matrix is symmetric
    factorise, invert = get_lapack_funcs(("potrf", "potri"), (columns,))
    factor, failed = factorise(columns, lower=True, clean=False, overwrite_a=True)
    if not failed:
        inverse, failed = invert(factor, lower=True, overwrite_c=True)
    if failed:
        raise UserError("EASE: the Gram matrix is not positive definite: raise model.closed_form.l2.")
    result = torch.from_numpy(inverse.T)  # its upper triangle is the answer
    for start in range(0, len(result), BLOCK):
        below = slice(start + BLOCK, None)
        rows = slice(start, start + BLOCK)
        result[below, rows] = result[rows, below].T
        square = result[rows, rows]
        square.copy_(square.triu() + square.triu(1).T)
    return result


class ContentEASE(EASE):
    """EASE on ``X'X + content_weight T T'``: each dimension of the features is a further user.

    ``T`` [I, D] are the features, centred and of unit length, so that ``T T'`` are cosines and ``content_weight``
    counts users: what two items with the same features have in common. CEASE of Jeunen et al., "Closed-form models for
    collaborative filtering with side-information" (RecSys 2020), with dense features.
    """

    reads_features: ClassVar[bool] = True
    needs_features = True

    def __init__(
        self, l2: Annotated[float, Ge(0)], max_items: Annotated[int, Ge(1)], content_weight: Annotated[float, Ge(0)]
    ) -> None:
        super().__init__(l2, max_items)
        self.content_weight = content_weight

    def gram(self, train: Interactions, features: Tensor | None) -> Tensor:
        if features is None:
            raise UserError(
                "model=ease_gram needs item features, but features=none was given. Set features=minilm, or model=ease."
            )
        unit = F.normalize(features.float() - features.float().mean(0), dim=1)
        return gram(train).addmm_(unit, unit.T, alpha=self.content_weight)
