"""AlphaRec: users and items from their features only."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, ClassVar

import torch
from annotated_types import Ge
from torch import Tensor
from torch.nn import functional as F

from ltgnn.models.embedding import GraphInit, Init, ItemEmbedding
from ltgnn.models.fusion import ContentOnly, ItemFusion
from ltgnn.models.kind_split import split_content
from ltgnn.models.projection import Columns
from ltgnn.types import Interactions, ItemContent, UserError


class ContentNodes(ItemEmbedding):
    """Item state ``f(v_i)``, user state ``f(mean of v_i over the user's train items)``, ``f`` the projector.

    AlphaRec (Sheng et al., ICLR 2025, arXiv:2407.05441): no id is trained; the paper's ``f`` is projector=mlp.
    """

    without_ids = True
    needs_features = True
    reads_features: ClassVar[bool] = True

    history: Tensor
    offsets: Tensor
    user_features: Tensor | None

    def __init__(
        self,
        train: Interactions,
        dim: Annotated[int, Ge(1)],
        init: Init | GraphInit,
        fusion: Callable[..., ItemFusion],
        features: Tensor | ItemContent | None,
    ) -> None:
        super().__init__(train, dim, init, fusion, features)
        if not isinstance(self.fusion, ContentOnly):
            raise UserError("model=alpharec uses only content, no ids: set fusion=content.")
        offsets, items = train.by_user
        self.register_buffer("history", items, persistent=False)
        self.register_buffer("offsets", offsets, persistent=False)
        mean = None if isinstance(features, ItemContent) else self.mean_features()
        self.register_buffer("user_features", mean, persistent=False)

    def mean_features(self) -> Tensor:
        """Mean features of each user's train items; 0 without any.  [U, D]"""
        features = self.features
        assert features is not None
        return F.embedding_bag(self.history, features, self.offsets, mode="mean", include_last_offset=True)

    def forward(self) -> tuple[Tensor, Tensor | None]:
        assert isinstance(self.fusion, ContentOnly)
        items, content = super().forward()
        users = self.mean_features() if self.user_features is None else self.user_features
        return torch.cat([self.fusion.project(users), items]), content

    def parts(self) -> tuple[Tensor, Tensor]:
        """All to the features, those of users too."""
        states = self()[0]
        return torch.zeros_like(states), states

    def kinds(self, columns: Columns) -> Mapping[str, Tensor] | None:
        """The projections of users and of items, kind by kind."""
        users = self.mean_features() if self.user_features is None else self.user_features
        mine, theirs = (split_content(self.fusion, None, rows, self.counts, columns) for rows in (users, self.features))
        return mine and theirs and {name: torch.cat([mine[name], part]) for name, part in theirs.items()}
