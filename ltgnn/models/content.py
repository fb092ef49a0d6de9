"""A content match trained jointly with the model: the graph learns the residual."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Annotated, ClassVar
from weakref import WeakKeyDictionary

import torch
from annotated_types import Ge, Gt
from torch import Tensor, nn
from torch.nn import functional as F

from ltgnn.models.embedding import NodeEmbedding
from ltgnn.models.lightgcn import LightGCN
from ltgnn.scoring.known_items import has_content
from ltgnn.tensors.batch_nodes import nodes_of
from ltgnn.types import Batch, Encoded, Encoder, Graph, LinearTerms, Perturb, UserError, identity


class WithContent(Encoder):
    """``s(u, i) = <u, i> + w <t_u, t_i>``: the states of ``encoder`` concatenated with the content match.

    ``t_i``: the item's features, centred, of unit length, in its first ``content_dim`` directions; ``t_u``: one step of
    the graph over them, of unit length. Both are fixed, so that every loss sees the match as an offset, and only what
    it cannot explain is learned. ``w`` is learned where ``trainable``, else it stays ``weight``.
    """

    reads_features: ClassVar[bool] = True
    mixes_columns: ClassVar[bool] = True
    needs_features = True
    content: Tensor

    def __init__(
        self,
        embedding: NodeEmbedding,
        encoder: Callable[[NodeEmbedding], Encoder],
        weight: Annotated[float, Gt(0)],
        trainable: bool,
        content_dim: Annotated[int, Ge(1)],
    ) -> None:
        super().__init__()
        features = embedding.features
        if features is None or embedding.trained_features is not None:
            raise UserError(
                "model=lightgcn_content needs frozen item features: set features=minilm (or another encoder) and "
                "live=none."
            )
        if weight <= 0:
            raise UserError(f"model.encoder.weight={weight} given, a number > 0 wanted.")
        self.encoder = encoder(embedding)
        self.num_users = embedding.num_users
        self.log_weight = nn.Parameter(torch.tensor(math.log(weight)), requires_grad=trainable)
        self.register_buffer("content", leading(features, content_dim), persistent=False)
        self.profiles: WeakKeyDictionary[Graph, Tensor] = WeakKeyDictionary()  # of each graph, made once

    def forward(self, graph: Graph, perturb: Perturb = identity) -> Encoded:
        """States of users [U, d + content_dim] and items [I, d + content_dim]; the layers are the encoder's own."""
        encoded: Encoded = self.encoder(graph, perturb)
        root = (self.log_weight / 2).exp()
        return encoded._replace(
            users=torch.cat([encoded.users, root * self._profiles(graph)], 1),
            items=torch.cat([encoded.items, root * self.content], 1),
        )

    def at(self, graph: Graph, batch: Batch) -> tuple[Encoded, Batch] | None:
        """Only the batch's nodes, if the encoder supports it."""
        inner = self.encoder.at(graph, batch)
        if inner is None:
            return None
        encoded, renamed = inner
        nodes = nodes_of(batch, self.num_users, len(self.content))
        root = (self.log_weight / 2).exp()
        users = torch.cat([encoded.users, root * self._profiles(graph)[nodes.users]], 1)
        return encoded._replace(
            users=users, items=torch.cat([encoded.items, root * self.content[nodes.items]], 1)
        ), renamed

    @property
    def embedding(self) -> NodeEmbedding:  # type: ignore[override]
        """That of the encoder inside."""
        embedding: NodeEmbedding = self.encoder.embedding  # type: ignore[assignment]
        return embedding

    def prepare_batch(self, batch: Batch) -> Batch:
        """As the encoder inside."""
        return self.encoder.prepare_batch(batch)

    @torch.no_grad()
    def known_items(self, graph: Graph) -> Tensor:
        """Those of the encoder inside, and those with features."""
        return self.encoder.known_items(graph) | has_content(self.content)

    def linear_terms(self, graph: Graph, norm_power: float) -> LinearTerms:
        """Those of the encoder inside with the content match, where that is a LightGCN."""
        if not isinstance(self.encoder, LightGCN):
            return super().linear_terms(graph, norm_power)
        return self.encoder.linear_terms(
            graph, norm_power, (float(self.log_weight.detach().exp()), self.content.double())
        )

    def _profiles(self, graph: Graph) -> Tensor:
        found = self.profiles.get(graph)
        if found is None or found.device != self.content.device:
            nobody = self.content.new_zeros(self.num_users, self.content.shape[1])
            found = F.normalize(graph.propagate(torch.cat([nobody, self.content]))[: self.num_users], dim=1)
            self.profiles[graph] = found
        return found


def leading(features: Tensor, width: int) -> Tensor:
    """Unit features, centred, in their ``width`` leading directions: the best for their cosines.  [I, width]"""
    unit = F.normalize(features.double() - features.double().mean(0), dim=1)
    vectors = torch.linalg.eigh(unit.T @ unit)[1].flip(1)[:, :width]
    rotated: Tensor = (unit @ vectors).to(features.dtype)
    return rotated
