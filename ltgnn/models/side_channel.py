"""A frozen item-item graph in addition to the user-item graph."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, ClassVar, Protocol

import torch
from annotated_types import Ge
from torch import Tensor

from ltgnn.models.embedding import NodeEmbedding
from ltgnn.models.lightgcn import LightGCN
from ltgnn.models.readout import LayerReadout
from ltgnn.scoring.known_items import receives
from ltgnn.types import Encoded, Graph, LinearTerms, Perturb, UserError, identity


class ItemChannel(Protocol):
    def propagate(self, states: Tensor) -> Tensor:
        """``S [I, I] @ states [I, d]``"""
        ...


class SideChannel(LightGCN):
    """LightGCN, and to its items ``weight * S^n x_0`` is added: what their first states become on the item graph ``S``.

    FREEDOM (Zhou & Shen, MM 2023, arXiv:2211.06924); LATTICE (MM 2021) learns ``S`` as well. Here it is frozen, built
    once from the features as they are before training, and symmetric.
    """

    mixes_columns: ClassVar[bool] = True

    def __init__(
        self,
        embedding: NodeEmbedding,
        num_layers: Annotated[int, Ge(0)],
        readout: LayerReadout,
        item_graph: Callable[..., ItemChannel],
        item_layers: Annotated[int, Ge(1)],
        weight: float,
    ) -> None:
        super().__init__(embedding, num_layers, readout)
        if item_layers < 1:
            raise UserError(f"model.encoder.item_layers={item_layers} given, at least 1 wanted (or model=lightgcn).")
        self.item_layers, self.weight = item_layers, weight
        self.item_graph = item_graph(embedding.features, embedding.num_items)

    def forward(self, graph: Graph, perturb: Perturb = identity) -> Encoded:
        """As LightGCN; the layers stay as they are."""
        encoded = super().forward(graph, perturb)
        states = encoded.layers[0][self.embedding.num_users :]
        for _ in range(self.item_layers):
            states = self.item_graph.propagate(states)
        return encoded._replace(items=encoded.items + self.weight * states)

    @torch.no_grad()
    def known_items(self, graph: Graph) -> Tensor:
        """As LightGCN, and those that are reached on the item graph."""
        marks, receive = self.embedding.known_items(self.embedding.features), receives(self.item_graph.propagate)
        for _ in range(self.item_layers):  # only the last of these states is added
            marks = receive(marks)
        return super().known_items(graph) | marks

    def linear_terms(self, graph: Graph, norm_power: float, match: tuple[float, Tensor] | None = None) -> LinearTerms:
        raise UserError(
            "this model's score is not a sum over the history: part of its item states comes from a second graph; this "
            "is not split yet."
        )
