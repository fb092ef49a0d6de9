"""Graph filters: low frequencies of the normalised user-item graph."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import numpy as np
import torch
from annotated_types import Ge
from torch import Tensor

from ltgnn.models.closed_form.matrix import binary, normalise, power
from ltgnn.scoring.item_weights import SparseItemItemWeights
from ltgnn.scoring.known_items import has_interactions
from ltgnn.scoring.masked import mask_items
from ltgnn.scoring.scorers import InnerProduct
from ltgnn.types import Interactions, Scorer


class GFCF:
    """``s = r R~'R~ + alpha r D_I^-1/2 V V' D_I^1/2``, ``r`` the user's row of X.

    The linear filter and the ideal low-pass filter of ``R~ = D_U^-1/2 X D_I^-1/2``, V [I, rank] its first right
    singular vectors. Source: Shen et al., "How powerful
    is graph convolution for recommendation?" (CIKM 2021, arXiv:2108.07567), eq. 14, as the authors' code computes it.
    """

    reads_features: ClassVar[bool] = False

    def __init__(self, rank: Annotated[int, Ge(1)], alpha: float) -> None:
        self.rank, self.alpha = rank, alpha

    def fit(self, train: Interactions, features: Tensor | None) -> Scorer:
        rows, graph = binary(train), normalise(train)
        back = graph.T.tocsr()
        vectors = torch.from_numpy(singular_vectors(graph, self.rank)[2])  # [rank, I]
        down, up = (torch.from_numpy(power(train.item_counts, e)).float() for e in (-0.5, 0.5))
        scores = GraphFilterScorer(rows, back, graph, (vectors * down).T.numpy(), vectors * up * self.alpha)
        return mask_items(scores, has_interactions(train.item_counts))


@dataclass(frozen=True)
class GraphFilterScorer(Scorer):
    """Both filters on the rows of ``X``: the linear one is never multiplied out, since that matrix can be large."""

    rows: Any  # [U, I] X
    back: Any  # [I, U] R~'
    graph: Any  # [U, I] R~
    into: Any  # [I, rank] numpy
    out: Tensor  # [rank, I]

    def scores(self, users: Tensor) -> Tensor:
        history = self.rows[users.numpy()]
        linear = torch.from_numpy((history @ self.back @ self.graph).toarray())
        return linear.addmm_(torch.from_numpy(np.asarray(history @ self.into)), self.out)

    def history_terms(self, user: int, item: int) -> tuple[Tensor, Tensor]:
        mine = self.rows[user].indices
        linear = (self.back[mine] @ self.graph[:, [item]]).toarray()[:, 0]
        low = self.into[mine].astype(np.float64) @ self.out[:, item].double().numpy()
        return torch.from_numpy(mine).long(), torch.from_numpy(linear.astype(np.float64) + low)

    def terms(self) -> Sequence[tuple[float, Scorer]]:
        """The same as tables."""
        low = InnerProduct(torch.from_numpy(np.asarray(self.rows @ self.into)), self.out)
        return [(1.0, SparseItemItemWeights(self.rows, (self.back @ self.graph).tocsr())), (1.0, low)]


class SVD:
    """``s = U g(S) V'``, ``g(x) = x ((1 + x + .. + x^L) / (L + 1))^2``: truncated SVD ``R~ ~ U S V'``, propagated.

    States ``U S^1/2`` and ``V S^1/2`` go through ``num_layers`` steps of the symmetric graph and the mean over layers;
    since ``R~ V = U S``, each step only multiplies by S. 0 layers: PureSVD (Cremonesi et al., RecSys 2010) of ``R~``;
    compare SVD-GCN (Peng et al., CIKM 2022).
    """

    reads_features: ClassVar[bool] = False

    def __init__(self, rank: Annotated[int, Ge(1)], num_layers: Annotated[int, Ge(0)]) -> None:
        self.rank, self.num_layers = rank, num_layers

    def fit(self, train: Interactions, features: Tensor | None) -> Scorer:
        users, values, items = (torch.from_numpy(part) for part in singular_vectors(normalise(train), self.rank))
        steps = sum((values**layer for layer in range(self.num_layers + 1)), torch.zeros_like(values))
        left = users * values * (steps / (self.num_layers + 1)) ** 2
        return mask_items(InnerProduct(left, items), has_interactions(train.item_counts))


def singular_vectors(matrix: Any, rank: int) -> tuple[Any, Any, Any]:
    """``U [n, k]``, ``S [k]`` descending, ``V' [k, m]`` of scipy CSR [n, m]: exact, always the same."""
    from scipy.sparse.linalg import svds

    smaller = min(matrix.shape)
    if rank >= smaller - 1 or smaller < 200:  # small enough for dense algebra
        left, values, right = np.linalg.svd(matrix.toarray().astype(np.float64), full_matrices=False)
    else:
        start = np.ones(smaller) / np.sqrt(smaller)
        left, values, right = svds(matrix.astype(np.float64), k=rank, v0=start)
    order = np.argsort(-values)[:rank]
    return tuple(part.astype(np.float32) for part in (left[:, order], values[order], right[order]))  # type: ignore[return-value]
