"""Score adjustment: text EASE on top of a model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, ClassVar

from annotated_types import Gt
from torch import Tensor

from ltgnn.scoring.adjustments import gate, need_features
from ltgnn.scoring.factorised_weights import FactorisedItemWeights
from ltgnn.scoring.known_items import has_content
from ltgnn.scoring.scorers import InnerProduct
from ltgnn.tensors.ridge import ridge_weights
from ltgnn.types import Interactions, Scorer


class ContentRidge(Scorer):
    """``weight n_u^-h g(i) * sum over the user's n_u train items j of C[j, i]``, C the weights of text EASE.

    In the place of the cosines of ``ContentMatch``; ``history_power`` h and ``popularity_gate`` g as there. C is never
    made: users and items are vectors of the features' width (``ltgnn.tensors.ridge.ridge_weights``), cold items too.
    """

    reads_features: ClassVar[bool] = True
    needs_features = True

    def __init__(
        self,
        train: Interactions,
        features: Tensor | None,
        weight: float,
        l2: Annotated[float, Gt(0)],
        history_power: float,
        popularity_gate: float,
    ) -> None:
        features = need_features(features, "content_ridge")
        given, received = ridge_weights(features, l2)
        offsets, items = train.by_user
        self.weights = FactorisedItemWeights(offsets, items, given, received * gate(train, popularity_gate))
        self.per_user = weight * train.user_counts.clamp_min(1).float() ** -history_power
        users, self.table = self.weights.factors
        self.users = users * self.per_user[:, None]
        self.candidates = has_content(features)

    def scores(self, users: Tensor) -> Tensor:
        return self.users.to(users.device)[users] @ self.table.to(users.device)

    def history_terms(self, user: int, item: int) -> tuple[Tensor, Tensor]:
        mine, values = self.weights.history_terms(user, item)
        return mine, values * self.per_user[user].double()

    def terms(self) -> Sequence[tuple[float, Scorer]]:
        """The same as one table."""
        return [(1.0, InnerProduct(self.users, self.table))]
