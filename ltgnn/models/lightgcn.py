"""LightGCN: propagation without weights, and a readout over the layers; with no layers, matrix factorisation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, ClassVar

import torch
from annotated_types import Ge
from torch import Tensor

from ltgnn.models.embedding import NodeEmbedding
from ltgnn.models.linear_score import LinearScore
from ltgnn.models.readout import LayerReadout
from ltgnn.scoring.known_items import reach, receives
from ltgnn.tensors.batch_nodes import covers_catalogue, nodes_of
from ltgnn.types import Batch, Encoded, Encoder, Graph, LinearTerms, Perturb, Readout, UserError, identity


class LightGCN(Encoder):
    """``x_(l+1) = A x_l``; final state ``readout(x_0 .. x_L)`` (He et al., SIGIR 2020, arXiv:2002.02126, eq. 3-8)."""

    takes_entities: ClassVar[bool] = True
    embedding: NodeEmbedding

    def __init__(self, embedding: NodeEmbedding, num_layers: Annotated[int, Ge(0)], readout: LayerReadout) -> None:
        super().__init__()
        self.embedding, self.num_layers, self.readout = embedding, num_layers, readout

    @property
    def linear(self) -> bool:
        """Whether a pass is the formula above, which the abilities below rest on.

        Not in a subclass that overrides ``step`` or ``forward``, unless it declares it.
        """
        return type(self).step is LightGCN.step and type(self).forward is LightGCN.forward

    def forward(self, graph: Graph, perturb: Perturb = identity) -> Encoded:
        """Final states of users [U, d] and items [I, d], and all layers; entities of the graph are in none of them."""
        state, content = self.embedding()
        layers = [state]
        for layer in range(1, self.num_layers + 1):
            layers.append(perturb(self.step(graph, layers), layer))
        layers = [self.embedding.without_entities(layer) for layer in layers]
        users, items = self.readout(layers).split([self.embedding.num_users, self.embedding.num_items])
        return Encoded(users, items, tuple(layers), content)

    def step(self, graph: Graph, layers: Sequence[Tensor]) -> Tensor:
        """The next layer [N, d] from those so far."""
        return graph.propagate(layers[-1])

    @torch.no_grad()
    def known_items(self, graph: Graph) -> Tensor:
        """Those whose first state is informative, and those that receive messages from such nodes."""
        return self.embedding.without_entities(self.known_nodes(graph))[self.embedding.num_users :]

    def known_nodes(self, graph: Graph) -> Tensor:
        """The same of all nodes.  [N] bool, or [N + M]"""
        return reach(self.embedding.known_nodes(), receives(graph.propagate), self.num_layers)

    def at(self, graph: Graph, batch: Batch) -> tuple[Encoded, Batch] | None:
        """The layers of only the batch's nodes, if the graph supports it."""
        if not self.linear or covers_catalogue(batch, self.embedding.num_items):
            return None
        nodes = nodes_of(batch, self.embedding.num_users, self.embedding.num_items)
        where = torch.cat([nodes.users, nodes.items + self.embedding.num_users])
        state, content = self.embedding()
        layers = graph.layers_at(state, self.num_layers, where)
        if layers is None:
            return None
        users, items = self.readout(layers).split([len(nodes.users), len(nodes.items)])
        return Encoded(users, items, layers, None if content is None else content[nodes.items]), nodes.batch

    def linear_terms(self, graph: Graph, norm_power: float, match: tuple[float, Tensor] | None = None) -> LinearTerms:
        """Ids and content of the user's own vector and of each item of the history.

        ``match``: weight and features [I, width] of an additional content match.
        """
        if not self.linear:
            return super().linear_terms(graph, norm_power)
        if not graph.linear:
            raise UserError(
                "this model's score is not a sum over the history: its graph sends messages of unit length "
                "(graph=lightgcnpp), which is not linear in the states."
            )
        return LinearScore(self.embedding, self.num_layers, self.readout, graph, norm_power, match)

    def fold_in(self, graph: Graph) -> Readout | None:
        """The readout, where first states stay as they are."""
        return self.readout if self.linear and self.embedding.folds_in else None

    @property
    def column_separable(self) -> bool:
        """If the readout weighs layers by scalars."""
        return not self.mixes_columns and self.linear and self.readout.coefficients(self.num_layers) is not None
