"""ELSA: EASE of low rank, trained by batches of users, for catalogues of any size."""

from __future__ import annotations

from math import isfinite
from typing import Annotated

import torch
from annotated_types import Ge, Gt, Le
from torch import Tensor

from ltgnn.models.closed_form.matrix import binary
from ltgnn.models.closed_form.shallow_autoencoder import InputRows, ShallowAutoencoder
from ltgnn.scoring.factorised_weights import FactorisedItemWeights
from ltgnn.scoring.known_items import has_content, has_interactions
from ltgnn.scoring.masked import mask_items
from ltgnn.scoring.zero_diagonal import ZeroDiagonalWeights
from ltgnn.tensors.ridge import centred_unit
from ltgnn.types import Interactions, Scorer, UserError


class ELSA:
    """``s = x (A A' - I)``, ``A`` [I, dim] with rows of length 1 (Vancura et al., RecSys 2022).

    Trained by Adam on ``|s / |s| - x / |x||^2`` over batches of users with two items or more (with one, the loss does
    not depend on ``A``). Time I dim^2 a batch, memory I dim. ``content_weight`` > 0: each dimension of the features,
    centred and of unit length, is a further user that counts so much in the loss; it scores cold items.

    ``A`` depends on ``seed``, not on the number of threads. The authors' code has NAdam, and users in their order.
    """

    def __init__(
        self,
        dim: Annotated[int, Ge(1)],
        epochs: Annotated[int, Ge(1)],
        lr: Annotated[float, Gt(0), Le(100)],
        batch_size: Annotated[int, Ge(1)],
        content_weight: Annotated[float, Ge(0)],
        seed: int,
    ) -> None:
        self.dim, self.epochs, self.lr, self.batch_size = dim, epochs, lr, batch_size
        self.content_weight, self.seed = content_weight, seed

    @property
    def reads_features(self) -> bool:
        """Whether features are further users."""
        return self.content_weight > 0

    def fit(self, train: Interactions, features: Tensor | None) -> Scorer:
        content = self._columns(train, features)
        vectors = self._train(train, content)
        scores = ZeroDiagonalWeights(FactorisedItemWeights(*train.by_user, vectors, vectors.T.contiguous()))
        return mask_items(scores, has_interactions(train.item_counts) | has_content(content))

    def _columns(self, train: Interactions, features: Tensor | None) -> Tensor:
        """Features as further users, those that are 0 left out.  [I, k]"""
        if not self.content_weight:
            return torch.empty(train.num_items, 0)
        if features is None:
            raise UserError(
                f"model.closed_form.content_weight={self.content_weight:g} needs item features, but features=none was "
                "given. Set features=minilm, or model.closed_form.content_weight=0."
            )
        unit = centred_unit(features)
        return unit[:, unit.any(0)]

    def _train(self, train: Interactions, content: Tensor) -> Tensor:
        """``A``.  [I, dim]"""
        matrix, users = binary(train), torch.nonzero(train.user_counts > 1)[:, 0]
        total = len(users) + content.shape[1]
        if not total:
            raise UserError(
                f"model=elsa: none of the {train.num_users:,} users has two train items, so that nothing is learned. "
                "Set model=popularity, or with features model=text_ease."
            )
        generator = torch.Generator().manual_seed(self.seed)
        start = torch.randn(train.num_items, self.dim, generator=generator)
        model = ShallowAutoencoder(start.mul_(self.dim**-0.5))
        for epoch in range(1, self.epochs + 1):
            order, loss = torch.randperm(total, generator=generator), 0.0
            for chosen in order.split(self.batch_size):
                some, columns = users[chosen[chosen < len(users)]], chosen[chosen >= len(users)] - len(users)
                weights = torch.cat([torch.ones(len(some)), torch.full((len(columns),), self.content_weight)])
                loss += model.step(InputRows(matrix[some.numpy()], content[:, columns], weights), self.lr)
            if not isfinite(loss + float(model.free.norm())):
                raise UserError(
                    f"model=elsa: loss or vectors are not finite in epoch {epoch}. Lower model.closed_form.lr, now "
                    f"{self.lr:g}."
                )
        return model.vectors()
