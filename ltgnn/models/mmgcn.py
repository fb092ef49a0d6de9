"""MMGCN: propagation of each kind of features by itself over the user-item graph, the results added."""

from __future__ import annotations

from typing import Annotated, ClassVar

import torch
from annotated_types import Ge
from torch import Tensor, nn
from torch.nn import functional as F

from ltgnn.models.embedding import NodeEmbedding
from ltgnn.scoring.known_items import has_content, reach, receives
from ltgnn.tensors.feature_kinds import FeatureKinds
from ltgnn.types import Encoded, Encoder, Graph, Perturb, UserError, identity


class MMGCN(Encoder):
    """``sum over kinds k of w_k x_k^(L)``, ``x_k^(l+1) = f(V f(A x_k W) + f(x_k U) + ids)``, ``f`` LeakyReLU.

    ``x_k^(0)``: a table of users for the kind, and of items a linear map of their features of the kind, rows at length
    1. ``ids`` are the first states of the embedding, ``W U V`` maps of the kind and the layer, ``w`` the weights of
    ``kinds`` divided by their sum. Source: Wei et al., "MMGCN: Multi-modal graph convolution network for personalized
    recommendation of micro-video" (MM 2019), with the sum as combination, as the code of MMRec computes it.

    Two things differ from the paper. ``A`` is that of ``graph=``; the paper's mean is graph=random_walk. No map has a
    constant, so that a node of which nothing is known stays 0. The layers of ``Encoded`` are the ids, then the sums.
    """

    reads_features: ClassVar[bool] = True
    mixes_columns: ClassVar[bool] = True
    needs_features = True
    embedding: NodeEmbedding

    def __init__(self, embedding: NodeEmbedding, num_layers: Annotated[int, Ge(1)], kinds: FeatureKinds) -> None:
        super().__init__()
        features = embedding.features
        if features is None or num_layers < 1:
            raise UserError(
                "model=mmgcn needs item features and at least one layer: set features=minilm (not features=none) and "
                f"num_layers=1 or more ({num_layers} given)."
            )
        self.embedding, self.num_layers, self.kinds = embedding, num_layers, kinds
        widths = {name: values.shape[1] for name, values in kinds.split(features).items()}
        self.shares, dim = list(kinds.shares_of(widths).values()), embedding.dim
        self.users = nn.Parameter(nn.init.xavier_normal_(torch.empty(len(widths), embedding.num_users, dim)))
        self.project = nn.ModuleList(nn.Linear(width, dim, bias=False) for width in widths.values())
        for name in ("neighbours", "previous", "combine"):
            maps = (nn.Linear(dim, dim, bias=False) for _ in range(len(widths) * num_layers))
            self.add_module(name, nn.ModuleList(maps))

    def forward(self, graph: Graph, perturb: Perturb = identity) -> Encoded:
        """States of users [U, d] and items [I, d]."""
        features = self.embedding.features
        assert features is not None
        ids, content = self.embedding()
        total = [torch.zeros_like(ids) for _ in range(self.num_layers)]
        for kind, (values, share) in enumerate(zip(self.kinds.split(features).values(), self.shares, strict=True)):
            state = F.normalize(torch.cat([self.users[kind], self.project[kind](values)]), dim=1)
            for layer in range(self.num_layers):
                state = perturb(self.step(graph, state, ids, kind * self.num_layers + layer), layer + 1)
                total[layer] = total[layer] + share * state
        users, items = total[-1].split([self.embedding.num_users, self.embedding.num_items])
        return Encoded(users, items, (ids, *total), content)

    def step(self, graph: Graph, state: Tensor, ids: Tensor, place: int) -> Tensor:
        """The next layer of a kind [N, d]; ``place``: of its maps."""
        neighbours, previous, combine = (
            self.get_submodule(f"{name}.{place}") for name in ("neighbours", "previous", "combine")
        )
        message = F.leaky_relu(graph.propagate(neighbours(state)))
        return F.leaky_relu(combine(message) + F.leaky_relu(previous(state)) + ids)

    @torch.no_grad()
    def known_items(self, graph: Graph) -> Tensor:
        """Those with a first state or features of a kind that counts, and those that messages reach."""
        features = self.embedding.features
        assert features is not None
        known = self.embedding.known_nodes()
        first = self.embedding.num_users
        for values, share in zip(self.kinds.split(features).values(), self.shares, strict=True):
            if share > 0:
                known[first:] |= has_content(values)
        return reach(known, receives(graph.propagate), self.num_layers)[first:]
