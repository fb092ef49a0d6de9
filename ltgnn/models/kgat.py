"""KGAT: attention over typed edges of the joint graph of users, items and entities."""

from __future__ import annotations

from typing import Annotated, ClassVar

import torch
from annotated_types import Ge
from torch import Tensor, nn
from torch.nn import functional as F

from ltgnn.models.embedding import NodeEmbedding
from ltgnn.models.entities import need_types
from ltgnn.scoring.known_items import reach
from ltgnn.types import EdgeMetadata, Encoded, Encoder, Graph, Perturb, TypedEdges, UserError, identity


class KGAT(Encoder):
    """States by attention over neighbours, each by its relation (Wang et al., KDD 2019, arXiv:1905.07854, eq. 3-9).

    A message from ``t`` to ``h`` over relation ``r`` has weight ``softmax over all messages to h`` of
    ``(W_r x_t) . tanh(W_r x_h + e_r)``, with first states ``x``; ``r`` differs by direction, and an interaction is a
    relation too. A layer is ``LeakyReLU(W_1 (x + m)) + LeakyReLU(W_2 (x * m))``, ``m`` the weighted sum of messages;
    the final state has all layers side by side, those after the first at length 1: width ``(L + 1) d``.

    Two things differ from the paper. The attention is trained by the loss of the recommender, not by TransR in steps
    between. All layers have ``d`` columns, and no bias, so that a node of which nothing is known stays 0.
    """

    takes_entities: ClassVar[bool] = True
    reads_types: ClassVar[bool] = True
    mixes_columns: ClassVar[bool] = True
    embedding: NodeEmbedding

    def __init__(
        self,
        embedding: NodeEmbedding,
        num_layers: Annotated[int, Ge(1)],
        relation_dim: Annotated[int, Ge(1)],
        metadata: EdgeMetadata,
    ) -> None:
        super().__init__()
        self.embedding, self.num_layers = embedding, num_layers
        if num_layers < 1:
            raise UserError(f"model=kgat num_layers={num_layers} given, at least 1 wanted (or model=mf).")
        dim, num_types = embedding.dim, len(metadata[1])
        self.to_relation = nn.Parameter(nn.init.xavier_uniform_(torch.empty(num_types, dim, relation_dim)))
        self.relations = nn.Parameter(nn.init.xavier_uniform_(torch.empty(num_types, relation_dim)))
        self.add = nn.ModuleList(nn.Linear(dim, dim, bias=False) for _ in range(num_layers))
        self.multiply = nn.ModuleList(nn.Linear(dim, dim, bias=False) for _ in range(num_layers))

    def forward(self, graph: Graph, perturb: Perturb = identity) -> Encoded:
        """Final states of users [U, (L + 1) d] and items [I, (L + 1) d], and all layers, of ``d`` columns each."""
        edges = need_types(graph)
        state, content = self.embedding()
        attention = self.attention(state, edges)
        layers = [state]
        for number, (add, multiply) in enumerate(zip(self.add, self.multiply, strict=True), start=1):
            received = gather(attention, layers[-1], edges)
            summed, joint = layers[-1] + received, layers[-1] * received
            layers.append(perturb(F.leaky_relu(add(summed)) + F.leaky_relu(multiply(joint)), number))
        layers = [self.embedding.without_entities(layer) for layer in layers]
        final = torch.cat([layers[0], *(F.normalize(layer, dim=1) for layer in layers[1:])], dim=1)
        users, items = final.split([self.embedding.num_users, self.embedding.num_items])
        return Encoded(users, items, tuple(layers), content)

    def attention(self, state: Tensor, edges: TypedEdges) -> Tensor:
        """Weight of each message; those to one node sum to 1.  [m]"""
        found = []
        for kind, (to, vector) in enumerate(zip(self.to_relation, self.relations, strict=True)):
            some = slice(edges.starts[kind], edges.starts[kind + 1])
            projected = state @ to
            head, tail = projected[edges.rows[some]], projected[edges.columns[some]]
            found.append((tail * torch.tanh(head + vector)).sum(1))
        scores = torch.cat(found)
        largest = scores.detach().new_full((len(state),), -torch.inf)
        largest = largest.scatter_reduce(0, edges.rows, scores.detach(), "amax")
        raised = (scores - largest[edges.rows]).exp()
        total = raised.new_zeros(len(state)).index_add(0, edges.rows, raised)
        return raised / total[edges.rows]

    @torch.no_grad()
    def known_items(self, graph: Graph) -> Tensor:
        """Those whose first state is informative, and those that receive messages from such nodes."""
        edges, embedding = need_types(graph), self.embedding

        def receive(marks: Tensor) -> Tensor:
            return torch.zeros_like(marks).index_fill(0, edges.rows[marks[edges.columns]], True)

        known = reach(embedding.known_nodes(), receive, self.num_layers)
        return embedding.without_entities(known)[embedding.num_users :]


def gather(weights: Tensor, states: Tensor, edges: TypedEdges) -> Tensor:
    """The weighted sum of what each node receives.  [N + M, d]"""
    messages = weights[:, None] * states[edges.columns]
    return torch.zeros_like(states).index_add(0, edges.rows, messages)
