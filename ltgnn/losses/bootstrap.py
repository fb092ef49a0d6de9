"""BM3: states of users, items and kinds of features predict each other; there are no negatives."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar

import torch
from annotated_types import Ge, Lt
from torch import Tensor, nn
from torch.nn import functional as F

from ltgnn.losses.rows import need_width
from ltgnn.tensors.feature_kinds import FeatureKinds
from ltgnn.types import Batch, Encoded, Groups, Interactions, Loss, Scorer, UserError, as_scorer


class Bootstrap(nn.Module, Loss):
    """``C(q(u), i') + C(q(i), u') + weight * sum over kinds k of w_k (C(q(e_k), i') + C(q(e_k), e_k'))``.

    ``C`` is 1 - cosine, a mean over the train pairs (u, i) of the batch; ``q`` a linear predictor; ``e_k`` [d] a linear
    map of the item's features of kind k; a prime: dropout, no gradient. The terms are the reconstruction of the graph,
    the alignment of each kind with the item, and that of each kind with itself masked. The model ranks by
    ``<q(u), q(i)>``. Source: BM3 (Zhou et al., WWW 2023, arXiv:2207.05969), as the authors' code computes it.

    Two things differ: an item that lacks a kind is left out of the means of that kind; the id of an item is not added
    to its state once more. The paper has fusion=id, so that features reach the states by this loss alone.
    """

    takes_features: ClassVar[bool] = True
    reads_features: ClassVar[bool] = True
    changes_ranking = True
    local = True
    features: Tensor
    known: Tensor

    def __init__(
        self,
        train: Interactions,
        groups: Mapping[str, Groups],
        dim: Annotated[int, Ge(1)],
        weight: Annotated[float, Ge(0)],
        dropout: Annotated[float, Ge(0), Lt(1)],
        kinds: FeatureKinds,
        features: Tensor | None = None,
    ) -> None:
        super().__init__()
        if features is None:
            raise UserError("loss=bm3 needs item features, but features=none was given. Set features=minilm.")
        blocks = kinds.blocks_of(features)
        self.dim, self.weight, self.dropout = dim, weight, dropout
        self.columns = [columns for columns, _ in blocks.values()]
        self.factors = list(kinds.weights_of(blocks).values())
        self.predictor = nn.Linear(dim, dim)
        self.projectors = nn.ModuleList(nn.Linear(columns.stop - columns.start, dim) for columns in self.columns)
        self.register_buffer("features", features, persistent=False)
        self.register_buffer("known", torch.stack([known for _, known in blocks.values()]), persistent=False)

    def forward(self, batch: Batch, main: Encoded, views: list[Encoded]) -> Tensor:
        need_width(main.items, self.dim, "bm3")
        users, items = F.embedding(batch.users, main.users), F.embedding(batch.pos, main.items)
        of_users, of_items = self.mask(users), self.mask(items)
        total = self.distance(users, of_items).mean() + self.distance(items, of_users).mean()
        numbers = batch.item_numbers(batch.pos)
        rows = self.features[numbers].to(items.dtype)
        for columns, known, factor, project in zip(
            self.columns, self.known[:, numbers], self.factors, self.projectors, strict=True
        ):
            content = project(rows[:, columns])
            both = self.distance(content, of_items) + self.distance(content, self.mask(content))
            total = total + self.weight * factor * (both * known).sum() / known.sum().clamp_min(1)
        return total

    def mask(self, states: Tensor) -> Tensor:
        """What is to be predicted: dropout, and no gradient.  [B, d]"""
        return F.dropout(states.detach(), self.dropout, self.training)

    def distance(self, states: Tensor, target: Tensor) -> Tensor:
        """1 - cosine of what the predictor makes of states, and a target.  2 x [B, d] -> [B]"""
        return 1 - F.cosine_similarity(self.predictor(states), target, dim=-1)

    def at_ranking(self, encoded: Encoded, scorer: Scorer) -> Scorer:
        """``<q(u), q(i)>``"""
        users, items = self.predictor(encoded.users), self.predictor(encoded.items)
        return as_scorer(lambda wanted: users[wanted] @ items.T)
