"""PDA: popularity is a cause of clicks that training takes out and ranking may put in again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from annotated_types import Ge
from torch import Tensor
from torch.nn import functional as F

from ltgnn.losses.ranking import RankingLoss, need_negatives
from ltgnn.losses.rows import scores
from ltgnn.types import Batch, Encoded, Groups, Interactions, Scorer, as_scorer


class PDA(RankingLoss):
    """BPR on ``(elu(s) + 1) m_i^gamma`` with ``m_i = count_i / max count``; the mean over negatives.

    Ranks by ``(elu(s) + 1) m_i^inject``: 0 is popularity-bias deconfounding (PD), above it is injected again (PDA).
    Source: Zhang et al., "Causal intervention for leveraging popularity bias in recommendation" (SIGIR 2021,
    arXiv:2105.06067), eq. 6-9; here one popularity of the whole train part, not one of each period.
    """

    local = True
    negatives_from = "sampler"

    popularity: Tensor

    def __init__(
        self,
        train: Interactions,
        groups: Mapping[str, Groups],
        gamma: Annotated[float, Ge(0)],
        inject: Annotated[float, Ge(0)],
    ) -> None:
        super().__init__()
        self.gamma, self.inject = gamma, inject
        self.changes_ranking = inject != 0
        counts = train.item_counts.double()
        self.register_buffer("popularity", (counts / counts.max()).float(), persistent=False)

    def each(self, batch: Batch, main: Encoded) -> Tensor:
        need_negatives(batch, "pda")
        pos, neg = scores(main, batch, cosine=False)
        mass = batch.of_items(self.popularity) ** self.gamma
        pos, neg = (F.elu(pos) + 1) * mass[batch.pos], (F.elu(neg) + 1) * mass[batch.neg]
        return F.softplus(neg - pos.unsqueeze(1)).mean(1)

    def at_ranking(self, encoded: Encoded, scorer: Scorer) -> Scorer:
        """Popularity put in again; without it the order is the inner product's."""
        if self.inject == 0:
            return scorer
        mass = self.popularity**self.inject
        return as_scorer(lambda users: (F.elu(scorer(users)) + 1) * mass.to(users.device))
