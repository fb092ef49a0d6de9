"""Ids and projected features side by side, each in columns of its own: the item state of VBPR."""

from __future__ import annotations

from typing import Annotated

import torch
from annotated_types import Ge, Gt, Lt
from torch import Tensor

from ltgnn.models.fusion import Mix, Projector
from ltgnn.types import UserError


class Beside(Mix):
    """``[id; projected features]``, so that ``<u, i> = <g_u, g_i> + <t_u, E f_i>``: a user has a taste for either.

    VBPR without its biases (He & McAuley, AAAI 2016, arXiv:1510.01784), which model=vbpr adds; ``E`` is
    projector=linear, whose constant moves all scores of a user alike. ``content_share``: the share of the ``d`` columns
    that the features get, at least one column each. The id table keeps its d columns, of which the first are used.
    """

    kept: Tensor

    def __init__(
        self,
        dim: int,
        features_dim: int,
        projector: Projector,
        content_share: Annotated[float, Gt(0), Lt(1)],
        id_dropout: Annotated[float, Ge(0), Lt(1)] = 0.0,
    ) -> None:
        if dim < 2 or not 0 < content_share < 1:
            raise UserError(
                f"fusion=beside with dim={dim} and fusion.content_share={content_share} given, at least two columns "
                "and a share between 0 and 1 wanted."
            )
        content_dim = min(max(1, round(dim * content_share)), dim - 1)
        super().__init__(content_dim, features_dim, projector, id_dropout)
        self.id_dim = dim - content_dim
        self.register_buffer("kept", (torch.arange(dim) < self.id_dim).float(), persistent=False)

    def project(self, features: Tensor) -> Tensor:
        """The projected features in their columns, 0 in those of the ids.  [n, D] -> [n, d]"""
        projected = super().project(features)
        return torch.cat([projected.new_zeros(len(projected), self.id_dim), projected], 1)

    def carry(self, part: Tensor, ids: Tensor, content: Tensor, counts: Tensor) -> Tensor:
        """The part in the columns of the features.  [I, narrow] or [I, d] -> [I, d]"""
        narrow = part.shape[1] < len(self.kept)
        return torch.cat([part.new_zeros(len(part), self.id_dim), part], 1) if narrow else part

    def mix(self, ids: Tensor, content: Tensor, counts: Tensor) -> Tensor:
        return self.kept * ids + content

    def share(self, ids: Tensor, content: Tensor, counts: Tensor) -> Tensor:
        """1 in the columns of the ids, 0 in the others.  [d]"""
        return self.kept
