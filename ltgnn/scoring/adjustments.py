"""Post-hoc score adjustments: scores from item features and popularity, added to a model's without retraining it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, ClassVar

import numpy as np
import torch
from annotated_types import Ge
from scipy.sparse import csr_matrix
from torch import Tensor
from torch.nn import functional as F

from ltgnn.scoring.item_weights import SparseItemItemWeights
from ltgnn.scoring.known_items import has_content, has_interactions
from ltgnn.scoring.scorers import InnerProduct, ItemBias
from ltgnn.tensors.csr import csr_rows
from ltgnn.tensors.nearest_neighbours import nearest
from ltgnn.types import Interactions, Scorer, UserError


class ContentMatch(Scorer):
    """``weight n_u^-h g(i) * sum over the user's n_u train items j of S[j, i]``, S the cosine of the k nearest texts.

    Frozen text match at scoring time; on top of EASE it is the closed-form hybrid
    ``X (B + weight S)`` that every GNN hybrid has to beat. ``history_power`` h: 0 sums over the history, 1 is the mean.
    The popularity gate ``g(i) = (1 + count_i)^-popularity_gate`` restricts the match to rare items: 0 disables it.
    """

    reads_features: ClassVar[bool] = True
    needs_features = True

    def __init__(
        self,
        train: Interactions,
        features: Tensor | None,
        weight: float,
        neighbours: Annotated[int, Ge(1)],
        history_power: float,
        popularity_gate: float,
    ) -> None:
        self.num_items = train.num_items
        self.offsets, self.items = train.by_user
        values, self.columns = nearest(need_features(features, "content"), neighbours)
        self.values = values * weight * gate(train, popularity_gate)[self.columns]
        self.per_user = train.user_counts.clamp_min(1).float() ** -history_power
        self.candidates = torch.zeros(train.num_items, dtype=torch.bool)  # near an item of some history
        self.candidates[self.columns[has_interactions(train.item_counts)]] = True

    def scores(self, users: Tensor) -> Tensor:
        device = users.device
        rows, history = csr_rows((self.offsets.to(device), self.items.to(device)), users)
        places = rows[:, None] * self.num_items + self.columns.to(device)[history]
        total = torch.zeros(len(users) * self.num_items, device=device)
        total.index_add_(0, places.flatten(), self.values.to(device)[history].flatten())
        return total.view(len(users), self.num_items) * self.per_user.to(device)[users, None]

    def history_terms(self, user: int, item: int) -> tuple[Tensor, Tensor]:
        mine = self.items[self.offsets[user] : self.offsets[user + 1]]
        found = torch.where(self.columns[mine] == item, self.values[mine], 0.0).double().sum(1)
        return mine, found * self.per_user[user].double()

    def terms(self) -> Sequence[tuple[float, Scorer]]:
        """The same as weights between items."""
        counts = self.offsets.diff().numpy()
        rows = csr_matrix((np.ones(len(self.items), np.float32), self.items.numpy(), self.offsets.numpy()))
        rows.resize(len(counts), self.num_items)
        places = np.arange(self.num_items + 1) * self.columns.shape[1]
        weights = csr_matrix((self.values.numpy().ravel(), self.columns.numpy().ravel(), places))
        weights.resize(self.num_items, self.num_items)
        return [(1.0, SparseItemItemWeights(rows, weights, self.per_user))]


class ContentProfile(Scorer):
    """``weight g(i) * <mean text of the user's train items, text of i>``, texts of unit length, gate as above.

    All texts of the history, not only the nearest to the item.
    """

    reads_features: ClassVar[bool] = True
    needs_features = True

    def __init__(self, train: Interactions, features: Tensor | None, weight: float, popularity_gate: float) -> None:
        unit = F.normalize(need_features(features, "profile").float(), dim=1)
        profiles = torch.zeros(train.num_users, unit.shape[1])
        for pairs in torch.arange(len(train)).split(2**18):  # never all pairs' texts at once
            profiles.index_add_(0, train.users[pairs], unit[train.items[pairs]])
        self.profiles = profiles / train.user_counts.clamp_min(1)[:, None]
        self.table = (unit * weight * gate(train, popularity_gate)[:, None]).T.contiguous()
        self.candidates = has_content(unit)
        self.unit, self.history = unit, train.by_user

    def scores(self, users: Tensor) -> Tensor:
        return self.profiles.to(users.device)[users] @ self.table.to(users.device)

    def history_terms(self, user: int, item: int) -> tuple[Tensor, Tensor]:
        offsets, items = self.history
        mine = items[offsets[user] : offsets[user + 1]]
        return mine, self.unit[mine].double() @ self.table[:, item].double() / max(1, len(mine))

    def terms(self) -> Sequence[tuple[float, Scorer]]:
        """The same as one table."""
        return [(1.0, InnerProduct(self.profiles, self.table))]


class PopularityCorrection(Scorer):
    """``-weight * log(1 + count_i)``: above 0 popular items lose, below 0 they gain, equally for all users.

    On logits this divides by popularity^weight: the post-hoc logit adjustment of Menon et al. (ICLR 2021) and, with
    ``weight`` below 0, the popularity injected again as in PDA (Zhang et al., SIGIR 2021).
    """

    reads_features: ClassVar[bool] = False

    def __init__(self, train: Interactions, features: Tensor | None, weight: float) -> None:
        self.values = -weight * torch.log1p(train.item_counts.float())

    def scores(self, users: Tensor) -> Tensor:
        return self.values.to(users.device).expand(len(users), -1)

    def terms(self) -> Sequence[tuple[float, Scorer]]:
        """The same as one table."""
        return [(1.0, ItemBias(self.values))]


def gate(train: Interactions, power: float) -> Tensor:
    """``(1 + count_i)^-power``.  [I]"""
    return (1 + train.item_counts.float()) ** -power


def need_features(features: Tensor | None, score: str) -> Tensor:
    """The features [I, D], which the adjustment requires; ``UserError`` where there are none."""
    if features is None:
        raise UserError(
            f"score={score} needs item features, but features=none was given. Set features=minilm, or score=dot."
        )
    return features
