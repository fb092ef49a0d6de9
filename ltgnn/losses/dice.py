"""DICE: one half of the embedding holds interest, the other conformity."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

import torch
from annotated_types import Ge
from torch import Tensor
from torch.nn import functional as F

from ltgnn.losses.ranking import RankingLoss, need_negatives
from ltgnn.losses.rows import rows
from ltgnn.types import Batch, Encoded, Groups, Interactions, Scorer, UserError, as_scorer


class DICE(RankingLoss):
    """``bpr(all) + cause_weight (bpr(interest) where neg is the more popular + bpr(conformity)) + apart_weight cos^2``.

    Who takes an item over a more popular one does so out of interest; over a less popular one perhaps because others
    do. Hence conformity ranks the more popular item of the pair first, whichever was taken. The first half of the
    dimensions is interest, the second conformity; ``cos^2`` of the two halves keeps them independent, a bounded form of
    the paper's discrepancy. Ranks by ``both`` halves or by ``interest``. Source: Zheng et al., "Disentangling user
    interest and conformity for recommendation with causal embedding" (WWW 2021, arXiv:2006.11011), eq. 6-10.
    """

    local = True
    negatives_from = "sampler"

    counts: Tensor

    def __init__(
        self,
        train: Interactions,
        groups: Mapping[str, Groups],
        cause_weight: Annotated[float, Ge(0)],
        apart_weight: Annotated[float, Ge(0)],
        rank_by: Literal["both", "interest"],
    ) -> None:
        super().__init__()
        if rank_by not in ("both", "interest"):
            raise UserError(f"loss.ranking.rank_by={rank_by} given, both or interest wanted.")
        self.cause_weight, self.apart_weight, self.rank_by = cause_weight, apart_weight, rank_by
        self.changes_ranking = rank_by != "both"
        self.register_buffer("counts", train.item_counts, persistent=False)

    def each(self, batch: Batch, main: Encoded) -> Tensor:
        need_negatives(batch, "dice")
        users, pos, neg = rows(main, batch)
        half = half_width(users)
        margins = users.unsqueeze(1) * (pos.unsqueeze(1) - neg)  # [B, S, d]
        interest, conformity = margins[..., :half].sum(-1), margins[..., half:].sum(-1)
        counts = batch.of_items(self.counts)
        above, positives = counts[batch.neg], counts[batch.pos, None]
        more = (above > positives).to(interest.dtype)  # the negative is the more popular one
        toward = torch.sign(positives - above).to(interest.dtype)  # 1, -1; 0 on equal counts: no sign of conformity
        causes = more * F.softplus(-interest) + toward.abs() * F.softplus(-toward * conformity)
        click = F.softplus(-(interest + conformity))
        discrepancy = cosine_squared(users, half) + cosine_squared(pos, half)
        return (click + self.cause_weight * causes).mean(1) + self.apart_weight * discrepancy

    def at_ranking(self, encoded: Encoded, scorer: Scorer) -> Scorer:
        """Interest only, if chosen."""
        if self.rank_by == "both":
            return scorer
        half = half_width(encoded.users)
        table = encoded.items[:, :half].T.contiguous()
        return as_scorer(lambda users: encoded.users[users, :half] @ table)


def half_width(states: Tensor) -> int:
    """Where the two causes part in states [n, d]: at d / 2; ``UserError`` below d = 2."""
    width = states.shape[-1]
    if width < 2:
        raise UserError(
            f"loss=dice shares dim={width} between two causes, at least 2 wanted. Set dim=, or another loss=."
        )
    return width // 2


def cosine_squared(states: Tensor, half: int) -> Tensor:
    """Squared cosine of the halves, as far as both reach.  [B, d] -> [B]"""
    return F.cosine_similarity(states[:, :half], states[:, half : 2 * half], dim=-1) ** 2
