"""Tables that start from what a truncated SVD of the graph knows, instead of from noise."""

from __future__ import annotations

from typing import Annotated

import torch
from annotated_types import Gt
from torch import Tensor

from ltgnn.models.closed_form.matrix import normalise
from ltgnn.models.closed_form.spectral import singular_vectors
from ltgnn.models.embedding import GraphInit
from ltgnn.types import Interactions, UserError


class Spectral(GraphInit):
    """``U S^power`` and ``V S^power`` of ``D_U^-1/2 X D_I^-1/2 ~ U S V'``, each table scaled to the spread ``std``.

    The d strongest directions of the graph that is trained on, so that training has only to correct them: SVD-GCN
    (Peng et al., CIKM 2022) shows that LightGCN learns these first. Directions beyond the rank of the graph are
    N(0, std). Exact and always the same; the cost is that of ``model=svd``.
    """

    def __init__(self, std: Annotated[float, Gt(0)], power: float) -> None:
        if std <= 0:
            raise UserError(f"init.std={std} given, a number > 0 wanted: the spread of the tables.")
        self.std, self.power = std, power

    def __call__(self, table: Tensor) -> Tensor:
        """A table of its own, of which the graph knows nothing: N(0, std)."""
        return torch.nn.init.normal_(table, std=self.std)

    def tables(self, train: Interactions, dim: int) -> tuple[Tensor, Tensor]:
        """Users [U, d] and items [I, d]; those without a train pair are 0."""
        left, values, right = (torch.from_numpy(part) for part in singular_vectors(normalise(train), dim))
        return self._table(left * values**self.power, dim), self._table(right.T * values**self.power, dim)

    def _table(self, found: Tensor, dim: int) -> Tensor:
        table: Tensor = self(torch.empty(len(found), dim))
        table[:, : found.shape[1]] = found * (self.std / found.std())
        return table
