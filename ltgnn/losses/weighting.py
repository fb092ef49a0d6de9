"""Any ranking loss with a weight per positive item: inverse propensities, or one weight for each item group."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Annotated

import torch
from annotated_types import Ge
from torch import Tensor

from ltgnn.losses.ranking import RankingLoss
from ltgnn.types import Batch, Encoded, Groups, Interactions, UserError

ItemWeights = Callable[[Interactions, Mapping[str, Groups]], Tensor]
"""``(train, groups) -> weight of each item as a positive [I]``"""


class Weighted(RankingLoss):
    """``mean over rows of w(pos) * term``; ``normalise``: scaled so that the mean weight of the train pairs is 1."""

    weights: Tensor

    def __init__(
        self,
        train: Interactions,
        groups: Mapping[str, Groups],
        term: RankingLoss | partial[RankingLoss],
        weights: ItemWeights,
        normalise: bool,
    ) -> None:
        super().__init__()
        self.term = term(train, groups) if isinstance(term, partial) else term
        values = weights(train, groups).double()
        if normalise:
            values = values / values[train.items].mean()
        self.register_buffer("weights", values.float(), persistent=False)
        self.local = self.term.local

    def each(self, batch: Batch, main: Encoded) -> Tensor:
        return self.weights[batch.item_numbers(batch.pos)] * self.term.each(batch, main)


class InversePropensity:
    """``w_i = min(clip, (max count / count_i)^power)``: what is seen less counts more, never more than ``clip``.

    The propensity ``(count_i / max count)^power`` is that of Saito et al., "Unbiased recommender learning from
    missing-not-at-random implicit feedback" (WSDM 2020, arXiv:1909.03601), there with power .5.
    """

    def __init__(self, power: float, clip: Annotated[float, Ge(1)]) -> None:
        if clip < 1:
            raise UserError(f"loss.ranking.weights.clip={clip} given, at least 1 wanted (1: no weights).")
        self.power, self.clip = power, clip

    def __call__(self, train: Interactions, groups: Mapping[str, Groups]) -> Tensor:
        counts = train.item_counts.double().clamp_min(1)
        return ((counts.max() / counts) ** self.power).clamp_max(self.clip)


class GroupWeights:
    """The same weight for every item of a group, such as head 1, tail 2; a group that is not named weighs 1."""

    def __init__(self, policy: str, weights: Mapping[str, Annotated[float, Ge(0)]]) -> None:
        self.policy, self.weights = policy, dict(weights)

    def __call__(self, train: Interactions, groups: Mapping[str, Groups]) -> Tensor:
        if self.policy not in groups:
            raise UserError(
                f"loss.ranking.weights.policy={self.policy} given, but this run's groups are {', '.join(groups)}. "
                "Set groups=all, or one of these."
            )
        chosen = groups[self.policy]
        if unknown := set(self.weights) - set(chosen.names):
            raise UserError(
                f"loss.ranking.weights.weights names {', '.join(sorted(unknown))}; the groups of {self.policy} are "
                f"{', '.join(chosen.names)}."
            )
        table = torch.tensor([float(self.weights.get(name, 1.0)) for name in chosen.names])
        return table[chosen.labels.long()]
