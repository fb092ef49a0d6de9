"""Hybrids: a weighted sum of closed forms."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from ltgnn.scoring.masked import restricted, unrestricted
from ltgnn.scoring.scorers import Total
from ltgnn.types import ClosedForm, Interactions, Mistake, Scorer


class Blend:
    """``s = sum over parts of weight * s_part``, such as a graph filter and text neighbours; scores as they are.

    What one of the parts can score, the blend can.
    """

    def __init__(self, parts: Mapping[str, ClosedForm | None], weights: Mapping[str, float]) -> None:
        self.parts = {name: part for name, part in parts.items() if part is not None}
        if set(self.parts) - set(weights):
            raise Mistake(
                f"model.closed_form.weights={dict(weights)} given, a weight for each of {', '.join(self.parts)} wanted."
            )
        self.weights = dict(weights)

    @property
    def reads_features(self) -> bool:
        """Whether one of the parts does."""
        return any(getattr(part, "reads_features", True) for part in self.parts.values())

    def fit(self, train: Interactions, text: Tensor | None) -> Scorer:
        fitted = {name: unrestricted(part.fit(train, text), train.num_items) for name, part in self.parts.items()}
        scores = Total([(self.weights[name], scorer) for name, (scorer, _) in fitted.items()])
        return restricted(scores, torch.stack([scorable for _, scorable in fitted.values()]).any(0))
