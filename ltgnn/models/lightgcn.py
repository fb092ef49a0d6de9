"""LightGCN: propagation without weights, and a readout over the layers; with no layers, matrix factorisation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import torch
from annotated_types import Ge
from torch import Tensor, nn

from ltgnn.models.embedding import NodeEmbedding
from ltgnn.models.readout import Readout
from ltgnn.tensors.batch_nodes import crowded, nodes_of
from ltgnn.types import Batch, Encoded, Graph, Perturb, identity


class LightGCN(nn.Module):
    """``x_(l+1) = A x_l``; final state ``readout(x_0 .. x_L)`` (He et al., SIGIR 2020, arXiv:2002.02126, eq. 3-8)."""

    def __init__(self, embedding: NodeEmbedding, num_layers: Annotated[int, Ge(0)], readout: Readout) -> None:
        super().__init__()
        self.embedding, self.num_layers, self.readout = embedding, num_layers, readout

    def forward(self, graph: Graph, perturb: Perturb = identity) -> Encoded:
        """Final states of users [U, d] and items [I, d], and all layers."""
        state, text = self.embedding()
        layers = [state]
        for layer in range(1, self.num_layers + 1):
            layers.append(perturb(self.step(graph, layers), layer))
        users, items = self.readout(layers).split([self.embedding.num_users, self.embedding.num_items])
        return Encoded(users, items, tuple(layers), text)

    def at(self, graph: Graph, batch: Batch) -> tuple[Encoded, Batch] | None:
        """The layers of the batch's nodes alone, where the graph can make them."""
        if type(self) is not LightGCN:  # what a subclass changes need not be linear
            return None
        layers_at = getattr(graph, "layers_at", None)
        if layers_at is None or crowded(batch, self.embedding.num_items):
            return None
        nodes = nodes_of(batch, self.embedding.num_users, self.embedding.num_items)
        state, text = self.embedding()
        layers = layers_at(state, self.num_layers, torch.cat([nodes.users, nodes.items + self.embedding.num_users]))
        if layers is None:
            return None
        users, items = self.readout(layers).split([len(nodes.users), len(nodes.items)])
        return Encoded(users, items, layers, None if text is None else text[nodes.items]), nodes.batch

    def step(self, graph: Graph, layers: Sequence[Tensor]) -> Tensor:
        """The next layer [N, d] from those so far."""
        return graph.propagate(layers[-1])
