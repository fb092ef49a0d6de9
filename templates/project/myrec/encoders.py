"""An encoder of one's own: layers of LightGCN whose weight fades."""

from collections.abc import Sequence
from typing import Annotated

import torch
from annotated_types import Ge, Gt
from ltgnn.models.embedding import NodeEmbedding
from ltgnn.models.linear_score import LinearScore
from ltgnn.types import Encoded, Encoder, Graph, LinearTerms, Perturb, Readout, identity
from torch import Tensor


class Fading(Encoder):
    """``sum over l of fade^l A^l x``, divided by the sum of the weights.

    ``x`` [N, d] are the first states of all users and items: ids, features, or both, as `fusion=`
    says. ``graph.propagate`` multiplies with the normalised graph ``A`` that `graph=` names.
    """

    embedding: NodeEmbedding

    def __init__(
        self,
        embedding: NodeEmbedding,
        num_layers: Annotated[int, Ge(0)],
        fade: Annotated[float, Gt(0)],
    ) -> None:
        super().__init__()
        self.embedding, self.num_layers, self.fade = embedding, num_layers, fade

    def forward(self, graph: Graph, perturb: Perturb = identity) -> Encoded:
        state, content = self.embedding()
        layers = [state]
        for layer in range(1, self.num_layers + 1):
            layers.append(perturb(graph.propagate(layers[-1]), layer))
        sides = [self.embedding.num_users, self.embedding.num_items]
        users, items = self.read_out(layers).split(sides)
        return Encoded(users, items, tuple(layers), content)

    def read_out(self, layers: Sequence[Tensor]) -> Tensor:
        """The weighted mean of the layers.  (L + 1) x [N, d] -> [N, d]"""
        weights = [self.fade**layer for layer in range(len(layers))]
        weighted = [weight * layer for weight, layer in zip(weights, layers, strict=True)]
        return torch.stack(weighted).sum(0) / sum(weights)

    @torch.no_grad()
    def known_items(self, graph: Graph) -> Tensor:
        """Items with a first state that says something, and those that messages reach.  [I] bool"""
        of_items = self.embedding.known_items(self.embedding.features)
        known = torch.cat([self.embedding.trained_users, of_items])
        for _ in range(self.num_layers):
            known = known | (graph.propagate(known.float()[:, None])[:, 0] > 0)
        return known[self.embedding.num_users :]

    def linear_terms(self, graph: Graph, norm_power: float) -> LinearTerms:
        """For `ltgnn explain`: the score is a sum over the user's history."""
        return LinearScore(self.embedding, self.num_layers, self.read_out, graph, norm_power)

    def fold_in(self, graph: Graph) -> Readout | None:
        """For `ltgnn update`: a pass is this readout of ``x, A x .. A^L x``."""
        return self.read_out if self.embedding.folds_in else None

    @property
    def column_separable(self) -> bool:
        """For `trainer=dim_parallel`: columns are never mixed."""
        return True
