"""Item-item edges between items with similar features, and the graph of only these."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, ClassVar, NamedTuple

import torch
from annotated_types import Ge, Gt
from torch import Tensor, nn

from ltgnn.graph.kernels import Csr, Kernel, product
from ltgnn.tensors.nearest_neighbours import nearest
from ltgnn.types import UserError


class Edges(NamedTuple):
    """Undirected edges between items, each once, ``left < right``."""

    left: Tensor  # [M] int64
    right: Tensor  # [M] int64
    strength: Tensor  # [M] float32, > 0


ItemEdges = Callable[[Tensor | None, int], Edges]
"""``(features [I, D] or None, I) -> edges``"""


class SimilarItems:
    """Edges from each item to the ``k`` others with the nearest features, by cosine.

    - ``min_similarity``: pairs below it get no edge; at least 0.
    - ``mutual``: both have to be among each other's nearest; else one of them suffices.
    - ``weighted``: strength ``weight * cosine`` (LATTICE, MM 2021), else ``weight`` (FREEDOM, MM 2023).

    Items without features (all zeros) get no edge. Built from the features in hand at each start, never from a
    file, so that it cannot belong to other features or another split.
    """

    reads_features: ClassVar[bool] = True
    needs_features = True

    def __init__(
        self,
        k: Annotated[int, Ge(1)],
        min_similarity: Annotated[float, Ge(0)],
        mutual: bool,
        weighted: bool,
        weight: Annotated[float, Gt(0)],
    ) -> None:
        if k < 1 or min_similarity < 0 or weight <= 0:
            raise UserError(
                f"item edges by features: k={k}, min_similarity={min_similarity}, weight={weight}; "
                "k >= 1, min_similarity >= 0 and weight > 0 wanted."
            )
        self.k, self.min_similarity, self.mutual = k, min_similarity, mutual
        self.weigh, self.weight = weighted, weight

    def __call__(self, features: Tensor | None, num_items: int) -> Edges:
        if features is None:
            raise UserError(
                "item edges by features (graph=semantic, model=freedom) need item features, but features=none was "
                "given. Set features=minilm, or graph=symmetric model=lightgcn."
            )
        similarity, neighbours = nearest(features, self.k)
        similarity = similarity.clamp(max=1.0)
        items = torch.arange(num_items)[:, None].expand_as(neighbours)
        chosen = (similarity >= self.min_similarity) & (similarity > 0)
        one, other, similarity = items[chosen], neighbours[chosen], similarity[chosen]
        keys = torch.minimum(one, other) * num_items + torch.maximum(one, other)
        keys, where, times = torch.unique(keys, return_inverse=True, return_counts=True)
        cosine = torch.zeros(len(keys)).scatter_(0, where, similarity)
        if self.mutual:
            keys, cosine = keys[times == 2], cosine[times == 2]
        strength = cosine * self.weight if self.weigh else torch.full_like(cosine, self.weight)
        return Edges(keys // num_items, keys % num_items, strength)


class ItemGraph(nn.Module):
    """``S = D^-1/2 W D^-1/2`` over items only, frozen: the item-item channel of LATTICE and FREEDOM."""

    offsets: Tensor
    columns: Tensor
    weights: Tensor

    def __init__(self, features: Tensor | None, num_items: int, edges: ItemEdges, kernel: Kernel | None) -> None:
        super().__init__()
        self.kernel = kernel
        left, right, strength = edges(features, num_items)
        rows, columns = torch.cat([left, right]), torch.cat([right, left])
        strength = torch.cat([strength, strength]).double()
        degree = torch.zeros(num_items, dtype=torch.float64).index_add_(0, rows, strength)
        order = torch.argsort(rows * num_items + columns)
        offsets = torch.zeros(num_items + 1, dtype=torch.int64)
        offsets[1:] = torch.cumsum(torch.bincount(rows, minlength=num_items), 0)
        weights = strength * (degree[rows] * degree[columns]).rsqrt()
        self.register_buffer("offsets", offsets.int(), persistent=False)
        self.register_buffer("columns", columns[order].int(), persistent=False)
        self.register_buffer("weights", weights[order].float(), persistent=False)

    def propagate(self, states: Tensor) -> Tensor:
        """``S [I, I] @ states [I, d]``, in float32 or wider."""
        with torch.autocast(states.device.type, enabled=False):
            wide = states.float() if states.dtype in (torch.float16, torch.bfloat16) else states
            matrix = Csr(self.offsets, self.columns, self.weights)
            return product(wide, matrix, matrix, self.kernel)
