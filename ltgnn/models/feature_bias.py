"""A bias of each item, of its own and from its features, beside the inner product: the visual bias of VBPR."""

from __future__ import annotations

from typing import Annotated, ClassVar

import torch
from annotated_types import Ge
from torch import Tensor, nn

from ltgnn.models.embedding import NodeEmbedding
from ltgnn.models.lightgcn import LightGCN
from ltgnn.models.linear_score import LinearScore
from ltgnn.models.readout import LayerReadout
from ltgnn.scoring.known_items import has_content, has_interactions
from ltgnn.types import Encoded, Graph, LinearTerms, Perturb, Term, UserError, identity


class FeatureBias(LightGCN):
    """``s(u, i) = <u, i> + b_i + <w, f_i>``: the states of LightGCN, and in a further column 1 and the bias.

    With no layers and fusion=beside it is VBPR (He & McAuley, AAAI 2016, arXiv:1510.01784); the constant and the
    bias of the user, which change no list, are left out. An item without train interactions has no ``b_i``. The L2 term
    of the loss reads first states, not the biases.
    """

    reads_features: ClassVar[bool] = True
    mixes_columns: ClassVar[bool] = True
    needs_features = True

    def __init__(self, embedding: NodeEmbedding, num_layers: Annotated[int, Ge(0)], readout: LayerReadout) -> None:
        super().__init__(embedding, num_layers, readout)
        features = embedding.features
        if features is None:
            raise UserError("model=vbpr needs item features, but features=none was given. Set features=minilm.")
        self.own_bias = nn.Parameter(torch.zeros(embedding.num_items))
        self.weight = nn.Parameter(0.01 * torch.randn(features.shape[1]))

    def bias(self) -> tuple[Tensor, Tensor]:
        """``b_i`` and ``<w, f_i>`` of all items.  2 x [I]"""
        features = self.embedding.features
        assert features is not None
        return self.own_bias * has_interactions(self.embedding.counts), features @ self.weight

    def forward(self, graph: Graph, perturb: Perturb = identity) -> Encoded:
        """States of users [U, d + 1] and items [I, d + 1]; the layers stay [N, d]."""
        encoded = super().forward(graph, perturb)
        of_ids, of_features = self.bias()
        return encoded._replace(
            users=torch.cat([encoded.users, torch.ones_like(encoded.users[:, :1])], 1),
            items=torch.cat([encoded.items, (of_ids + of_features)[:, None]], 1),
        )

    @torch.no_grad()
    def known_items(self, graph: Graph) -> Tensor:
        """As LightGCN, and those with features."""
        features = self.embedding.features
        assert features is not None
        return super().known_items(graph) | has_content(features)

    def linear_terms(self, graph: Graph, norm_power: float, match: tuple[float, Tensor] | None = None) -> LinearTerms:
        """Those of LightGCN and the two biases."""
        if match is not None or not graph.linear:
            raise UserError("this model's score is not a sum over the history: its graph is not linear in the states.")
        inner = LinearScore(self.embedding, self.num_layers, self.readout, graph, 1.0)
        return BiasedTerms(inner, self.bias(), norm_power)


class BiasedTerms:
    """The terms of an inner product, with those of a bias that is one more column of the states."""

    def __init__(self, inner: LinearScore, bias: tuple[Tensor, Tensor], norm_power: float) -> None:
        self.inner, self.norm_power, self.note = inner, norm_power, inner.note
        self.of_ids, self.of_features = (part.detach().double() for part in bias)

    def terms(self, user: int, item: int) -> list[Term]:
        """Summands of ``s(u, i) |[i; bias]|^(p - 1)``."""
        by = {"ids": float(self.of_ids[item]), "features": float(self.of_features[item])}
        found = [*self.inner.terms(user, item), Term(None, "the bias of the item", by)]
        if self.norm_power == 1.0:
            return found
        with torch.no_grad():
            ids, content = self.inner.final(self.inner.num_users + item)
        squared = float((ids + content).square().sum()) + (by["ids"] + by["features"]) ** 2
        factor = max(squared**0.5, 1e-12) ** (self.norm_power - 1.0)
        return [Term(one.item, one.name, {name: factor * value for name, value in one.by.items()}) for one in found]
