"""Item-item edges between items that are similar in one kind of their features: text, images, numbers ..."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar

import torch
from annotated_types import Ge
from torch import Tensor

from ltgnn.graph.semantic import Edges, ItemEdges
from ltgnn.tensors.feature_kinds import FeatureKinds
from ltgnn.types import Block, UserError


class SimilarItemsByKind:
    """The edges that ``edges`` makes of each kind of features alone, added up by weight.

    The strength of an edge is ``sum over kinds of w_k * strength_k``, with ``w`` the ``weights`` (kind -> weight;
    empty: equal) divided by their sum. An item that lacks a kind gets no edge of that kind. One graph for each
    modality, added up, is LATTICE's (Zhang et al., MM 2021, arXiv:2104.09036).
    """

    reads_features: ClassVar[bool] = True
    needs_features = True

    def __init__(self, edges: ItemEdges, weights: Mapping[str, Annotated[float, Ge(0)]]) -> None:
        self.edges = edges
        self.kinds = FeatureKinds(weights)

    def with_blocks(self, blocks: Mapping[str, Block]) -> SimilarItemsByKind:
        """The same edges for features with these blocks."""
        made = SimilarItemsByKind(self.edges, {})
        made.kinds = self.kinds.with_blocks(blocks)
        return made

    def each(self, features: Tensor | None, num_items: int) -> dict[str, tuple[float, Edges]]:
        """Share and edges of each kind with a weight above 0; shares sum to 1."""
        if features is None:
            raise UserError(
                "item edges by features need item features, but features=none was given. Set features=minilm."
            )
        parts = self.kinds.split(features)
        shares = self.kinds.shares_of(parts)
        return {
            name: (shares[name], self.edges(values, num_items)) for name, values in parts.items() if shares[name] > 0
        }

    def __call__(self, features: Tensor | None, num_items: int) -> Edges:
        """All edges, each once."""
        found = self.each(features, num_items).values()
        keys = torch.cat([edges.left * num_items + edges.right for _, edges in found])
        strength = torch.cat([share * edges.strength for share, edges in found])
        keys, where = torch.unique(keys, return_inverse=True)
        total = torch.zeros(len(keys)).index_add_(0, where, strength)
        return Edges(keys // num_items, keys % num_items, total)
