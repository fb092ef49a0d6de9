"""Next-purchase retrieval from text only: the measure of an encoder."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from ltgnn.types import Interactions, Scorer, as_scorer


def by_text(train: Interactions, values: Tensor) -> Scorer:
    """``s(u, i) = sum over the train items j of u of cos(text of j, text of i)``; ``values`` [I, D]."""
    unit = F.normalize(values.float(), dim=1)
    profiles = torch.zeros(train.num_users, unit.shape[1])
    profiles.index_add_(0, train.users, unit[train.items])
    table = unit.T.contiguous()
    return as_scorer(lambda users: profiles.to(users.device)[users] @ table.to(users.device))
