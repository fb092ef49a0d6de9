"""MACR: the effects of the item's popularity and the user's activity are removed at ranking time."""

from __future__ import annotations

from typing import Annotated

import torch
from annotated_types import Ge
from torch import Tensor, nn
from torch.nn import functional as F

from ltgnn.losses.ranking import RankingLoss, need_negatives
from ltgnn.losses.rows import need_width, scores
from ltgnn.types import Batch, Encoded, Scorer, as_scorer


class MACR(RankingLoss):
    """Log loss of ``s sigma(a_i) sigma(b_u)``, plus that of the branches ``a_i = <w, i>`` and ``b_u = <v, u>`` alone.

    ``L = ll(s sigma(a) sigma(b)) + item_weight ll(a) + user_weight ll(b)``, ``ll`` the log loss with label 1 on the
    positive and, as a mean, 0 on the negatives. Ranks by ``(s - c) sigma(a_i) sigma(b_u)``; ``c`` > 0 takes out what
    item and user explain without each other. Source: Wei et al., "Model-agnostic counterfactual reasoning for
    eliminating popularity bias in recommender system" (KDD 2021, arXiv:2010.15363), eq. 5-8.
    """

    changes_ranking = True
    local = True
    negatives_from = "sampler"

    def __init__(
        self,
        dim: Annotated[int, Ge(1)],
        item_weight: Annotated[float, Ge(0)],
        user_weight: Annotated[float, Ge(0)],
        c: float,
    ) -> None:
        super().__init__()
        self.dim, self.item_weight, self.user_weight, self.c = dim, item_weight, user_weight, c
        self.item, self.user = nn.Linear(dim, 1, bias=False), nn.Linear(dim, 1, bias=False)

    def each(self, batch: Batch, main: Encoded) -> Tensor:
        need_negatives(batch, "macr")
        need_width(main.items, self.dim, "macr")
        pos, neg = scores(main, batch, cosine=False)
        items = self.item(main.items)[:, 0]
        user = F.embedding(batch.users, main.users) @ self.user.weight[0]
        positives, others, share = items[batch.pos], items[batch.neg], torch.sigmoid(user)
        loss = log_loss(pos * positives.sigmoid() * share, neg * others.sigmoid() * share[:, None])
        alone = self.item_weight * log_loss(positives, others)
        return loss + alone + self.user_weight * log_loss(user, user[:, None])

    def at_ranking(self, encoded: Encoded, scorer: Scorer) -> Scorer:
        """``(s - c) sigma(a_i) sigma(b_u)``"""
        items, users = self.item(encoded.items)[:, 0].sigmoid(), self.user(encoded.users).sigmoid()
        return as_scorer(lambda wanted: (scorer(wanted) - self.c) * items * users[wanted])


def log_loss(pos: Tensor, neg: Tensor) -> Tensor:
    """Logits of label 1 [B] and of label 0 [B, S] -> [B]."""
    return F.softplus(-pos) + F.softplus(neg).mean(1)
