"""Item-item edges that are made from the interactions of the train part, such as the weights of a closed form."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import Annotated, Any

import numpy as np
import torch
from annotated_types import Ge, Gt
from scipy.sparse import csc_matrix, tril
from torch import Tensor

from ltgnn.graph.semantic import Edges
from ltgnn.types import ClosedForm, Interactions, UserError, as_scorer, need_closed_form


class InteractionEdges:
    """Base of an entry of ``graph.item_edges`` that reads the train part, with or without the item features."""

    @abstractmethod
    def connect(self, train: Interactions, features: Tensor | None) -> Edges:
        """Edges between the items of ``train``, each once; ``features`` [I, D] or None."""
        raise NotImplementedError

    def __call__(self, features: Tensor | None, num_items: int) -> Edges:
        """Refused: without the train part, as in model=freedom, there are no edges."""
        raise UserError(
            f"{type(self).__name__} makes edges from interactions, and only graph.item_edges gets these: "
            "graph=symmetric graph/item_edges=OPTION."
        )


class LearnedEdges(InteractionEdges):
    """Edges between items that predict each other: the largest positive weights ``B`` of a closed form.

    Each item has an edge to the ``k`` others with the largest ``B_ij + B_ji`` above 0; its strength is ``weight`` times
    half that sum, where an interaction has 1. Propagation is then over what a regression has learned, in which items
    that are explained by others have no part, rather than over co-occurrence. The closed form must have sparse weights
    between items (``model=ease_local``, ``item_knn``).
    """

    def __init__(
        self, base: Mapping[str, ClosedForm], k: Annotated[int, Ge(1)], weight: Annotated[float, Gt(0)]
    ) -> None:
        self.base = need_closed_form(base.get("closed_form"), "graph.item_edges.learned.base.closed_form")
        self.k, self.weight = k, weight

    @property
    def reads_features(self) -> bool:
        """Whether the closed form does."""
        return self.base.reads_features

    def connect(self, train: Interactions, features: Tensor | None) -> Edges:
        weights = as_scorer(self.base.fit(train, features if self.base.reads_features else None)).item_weights
        if weights is None:
            raise UserError(
                f"graph/item_edges=learned: {type(self.base).__name__} has no sparse weights between items. Set "
                "model@graph.item_edges.learned.base=ease_local."
            )
        both = (weights + weights.T).maximum(0) / 2
        kept = largest(both, self.k)
        found = tril(kept.maximum(kept.T), -1).tocoo()
        return Edges(
            torch.from_numpy(found.col.astype(np.int64)),
            torch.from_numpy(found.row.astype(np.int64)),
            torch.from_numpy(found.data.astype(np.float32)) * self.weight,
        )


def largest(matrix: Any, k: int) -> Any:
    """Of each column the ``k`` largest values off the diagonal, of equal ones those of lower rows.  scipy [I, I]"""
    columns = matrix.tocoo()
    off = (columns.row != columns.col) & (columns.data > 0)
    row, column, value = columns.row[off], columns.col[off], columns.data[off]
    order = np.lexsort((row, -value, column))
    row, column, value = row[order], column[order], value[order]
    first = np.searchsorted(column, np.arange(matrix.shape[1]))
    keep = np.arange(len(column)) - first[column] < k
    return csc_matrix((value[keep], (row[keep], column[keep])), shape=matrix.shape)
