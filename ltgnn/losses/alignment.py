"""Alignment: the trained item state is aligned with the features of the item."""

from __future__ import annotations

from typing import Annotated, Literal

import torch
from annotated_types import Ge, Gt
from torch import Tensor, nn
from torch.nn import functional as F

from ltgnn.losses.contrast import check_choice, info_nce
from ltgnn.losses.cosines import check_temperature
from ltgnn.losses.rows import need_width
from ltgnn.types import Batch, Encoded, Loss, UserError


class ContentContrast(nn.Module, Loss):
    """``weight * InfoNCE(item state, projected features)`` over the distinct positive items of the batch.

    The contrastive alignment of RLMRec (Ren et al., WWW 2024, arXiv:2310.15950, eq. 8), on the item side; the features'
    projector learns from this term too. ``negatives``: the items of the ``batch``, or ``all``.
    """

    needs_projected_features = True

    def __init__(
        self,
        weight: Annotated[float, Ge(0)],
        temperature: Annotated[float, Ge(1e-6)],
        negatives: Literal["batch", "all"],
    ) -> None:
        super().__init__()
        check_choice("negatives", negatives, ("batch", "all"))
        self.weight, self.negatives = weight, negatives
        self.temperature = check_temperature(temperature, "loss.alignment.temperature")

    def forward(self, batch: Batch, main: Encoded, views: list[Encoded]) -> Tensor:
        items, content = torch.unique(batch.pos), content_of(main)
        need_width(main.items, content.shape[1], "bpr_align")
        return self.weight * info_nce(main.items, content, items, self.temperature, self.negatives).mean()


class ContentReconstruction(nn.Module, Loss):
    """``weight * mean (1 - cos(decoder(item state), features))^power``: the features are reconstructed from the state.

    The generative alignment of RLMRec (WWW 2024), with GraphMAE's scaled cosine error (KDD 2022). The state is that of
    the first view where there is one (masked nodes, dropped edges), else of the main pass. The features are the
    target and get no gradient here. ``dim`` d -> decoder of two layers d -> d.
    """

    needs_projected_features = True

    def __init__(
        self, weight: Annotated[float, Ge(0)], dim: Annotated[int, Ge(1)], power: Annotated[float, Gt(0)]
    ) -> None:
        super().__init__()
        self.weight, self.width, self.power = weight, dim, power
        self.decoder = nn.Sequential(nn.Linear(dim, dim), nn.LeakyReLU(), nn.Linear(dim, dim))

    def forward(self, batch: Batch, main: Encoded, views: list[Encoded]) -> Tensor:
        items = torch.unique(batch.pos)
        need_width(main.items, self.width, "bpr_reconstruct")
        decoded = self.decoder(F.embedding(items, (views[0] if views else main).items))
        content = F.embedding(items, content_of(main).detach())
        error = 1 - F.cosine_similarity(decoded, content, dim=-1)
        return self.weight * error.clamp_min(1e-8).pow(self.power).mean()


def content_of(main: Encoded) -> Tensor:
    """The projected features [I, d], or a message that names the config group without them."""
    if main.content is None:
        raise UserError(
            "alignment needs projected features, but this fusion has none. Set fusion=side (features besides the "
            "ids), sum, gate or concat, or a loss without alignment."
        )
    return main.content
