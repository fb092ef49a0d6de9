"""Nearest-neighbour recommenders: items that the same users have, and items with similar features."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

import numpy as np
import torch
from annotated_types import Ge
from scipy.sparse import csr_matrix
from torch import Tensor

from ltgnn.models.closed_form.matrix import binary, power, sparse_scorer
from ltgnn.tensors.nearest_neighbours import nearest
from ltgnn.types import Interactions, Scorer, UserError


class ItemKNN:
    """``s(u, i) = sum over the train items j of u of S[j, i]``, S the cosine of the ``neighbours`` nearest items of j.

    ``S[j, i] = |users of both| / (sqrt(|users of j| |users of i|) + shrink)``; ``shrink`` tempers cosines that rest on
    few users. Source: Deshpande & Karypis, "Item-based top-N recommendation algorithms" (TOIS 2004).
    """

    reads_features: ClassVar[bool] = False

    def __init__(self, neighbours: Annotated[int, Ge(1)], shrink: Annotated[float, Ge(0)]) -> None:
        self.neighbours, self.shrink = neighbours, shrink

    def fit(self, train: Interactions, features: Tensor | None) -> Scorer:
        matrix = binary(train)
        size = torch.from_numpy(power(train.item_counts, 0.5)).float()
        kept = []
        for rows in torch.arange(train.num_items).split(1024):
            both = torch.from_numpy((matrix[:, rows.numpy()].T @ matrix).toarray())
            similarity = both / (size[rows, None] * size + self.shrink).clamp_min(1e-12)
            similarity[torch.arange(len(rows)), rows] = 0
            kept.append(similarity.topk(min(self.neighbours, train.num_items - 1), dim=1))
        values, columns = torch.cat([top.values for top in kept]), torch.cat([top.indices for top in kept])
        return sparse_scorer(train, by_rows(values, columns, train.num_items))


class ContentKNN:
    """The same with the cosine of the items' features; cold items are items like all others."""

    reads_features: ClassVar[bool] = True
    needs_features = True

    def __init__(self, neighbours: Annotated[int, Ge(1)]) -> None:
        self.neighbours = neighbours

    def fit(self, train: Interactions, features: Tensor | None) -> Scorer:
        if features is None:
            raise UserError("model=content_knn needs item features, but features=none was given. Set features=minilm.")
        return sparse_scorer(train, by_rows(*nearest(features, self.neighbours), train.num_items))


def by_rows(values: Tensor, columns: Tensor, width: int) -> Any:
    """scipy CSR [n, width] of ``values`` [n, k] in ``columns`` [n, k]; zeros are left out."""
    n, k = values.shape
    table = csr_matrix((values.numpy().ravel(), columns.numpy().ravel(), np.arange(n + 1) * k), shape=(n, width))
    table.eliminate_zeros()
    return table
