"""Attention over the id and each set of features (text, numbers, image ...)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar

import torch
from annotated_types import Ge, Lt
from torch import Tensor, nn

from ltgnn.models.fusion import Mix, Projector
from ltgnn.models.kinds import makes_kinds
from ltgnn.models.projection import Columns, ProjectorPerKind
from ltgnn.types import UserError


class Attention(Mix):
    """``sum_k a_k z_k``, ``a = softmax(q . tanh(W z_k + b))``, over the id ``z_0`` and each projected set ``z_k``.

    ``widths``: kind -> columns, in the order of the features (``widths`` in features_card.json); None: one set. Each
    set has a projector of its own, or is a kind of ``projector=kinds``. What alignment losses see as the content is
    the mean of the sets.
    """

    note: ClassVar[str] = "fusion=attention: the attention is held where it is."

    def __init__(
        self,
        dim: int,
        features_dim: int,
        projector: Projector,
        widths: Mapping[str, Annotated[int, Ge(1)]] | None = None,
        id_dropout: Annotated[float, Ge(0), Lt(1)] = 0.0,
    ) -> None:
        kinds = dict(widths or {"text": features_dim})

        def each_its_own(features_dim: int, dim: int) -> nn.Module:
            if not widths and makes_kinds(projector):
                return projector(features_dim=features_dim, dim=dim)
            if sum(kinds.values()) != features_dim:
                raise UserError(
                    f"fusion.widths={kinds} given, but the features have {features_dim} columns: wanted widths that "
                    "sum to that (`widths` in features_card.json), or null for one set."
                )
            return ProjectorPerKind(features_dim, dim, kinds, dict.fromkeys(kinds, projector))

        super().__init__(dim, features_dim, each_its_own, id_dropout)
        self.score = nn.Sequential(nn.Linear(dim, dim), nn.Tanh(), nn.Linear(dim, 1, bias=False))

    def forward(self, ids: Tensor, features: Tensor, counts: Tensor) -> tuple[Tensor, Tensor | None]:
        weighted, sets = self.weigh(ids, features)
        return weighted.sum(1), sets.mean(1)

    def project(self, features: Tensor) -> Tensor:
        """The mean of the projected sets.  [n, D] -> [n, d]"""
        assert isinstance(self.projector, ProjectorPerKind)
        return torch.stack(self.projector.each(features), 1).mean(1)

    def weigh(self, ids: Tensor, features: Tensor) -> tuple[Tensor, Tensor]:
        """``a_k z_k`` of the id and each set [I, 1 + kinds, d], and the sets [I, kinds, d]."""
        assert isinstance(self.projector, ProjectorPerKind)
        sets = torch.stack(self.projector.each(features), 1)
        states = torch.cat([self.dropped(ids)[:, None], sets], 1)
        return self.score(states).softmax(1) * states, sets

    def parts(self, ids: Tensor, features: Tensor, counts: Tensor) -> tuple[Tensor, Tensor]:
        """``a_0 z_0`` and the rest."""
        weighted, _ = self.weigh(ids, features)
        return weighted[:, 0], weighted[:, 1:].sum(1)

    def kinds(self, ids: Tensor, features: Tensor, counts: Tensor, columns: Columns) -> Mapping[str, Tensor] | None:
        """``a_k z_k`` of each set; None where the sets are not the kinds of the features."""
        assert isinstance(self.projector, ProjectorPerKind)
        if [place.stop - place.start for place in columns.values()] != self.projector.widths:
            return None
        return dict(zip(columns, self.weigh(ids, features)[0][:, 1:].unbind(1), strict=True))
