"""Hybrids: a weighted sum of closed forms."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from ltgnn.scoring.masked import any_candidates, mask_items
from ltgnn.scoring.scorers import WeightedSum
from ltgnn.types import Block, BlockReader, ClosedForm, Interactions, Scorer, UserError, as_scorer, need_closed_form


class Blend:
    """``s = sum over parts of weight * s_part``, such as a graph filter and neighbours by features; scores as they are.

    What one of the parts can score, the blend can.
    """

    def __init__(self, parts: Mapping[str, ClosedForm | None], weights: Mapping[str, float]) -> None:
        self.parts = {name: part for name, part in parts.items() if part is not None}
        for name, part in self.parts.items():
            need_closed_form(part, f"model.closed_form.parts.{name}")
        if set(self.parts) - set(weights):
            raise UserError(
                f"model.closed_form.weights={dict(weights)} given, a weight for each of {', '.join(self.parts)} wanted."
            )
        self.weights = dict(weights)

    @property
    def reads_features(self) -> bool:
        """Whether one of the parts does."""
        return any(part.reads_features for part in self.parts.values())

    def with_blocks(self, blocks: Mapping[str, Block]) -> Blend:
        """The same of the parts for features with these blocks."""
        parts = {
            name: part.with_blocks(blocks) if isinstance(part, BlockReader) else part
            for name, part in self.parts.items()
        }
        return Blend(parts, self.weights)

    def fit(self, train: Interactions, features: Tensor | None) -> Scorer:
        fitted = {name: as_scorer(part.fit(train, features)) for name, part in self.parts.items()}
        scores = WeightedSum([(self.weights[name], scorer.unmasked()) for name, scorer in fitted.items()])
        return mask_items(scores, any_candidates([scorer.candidates for scorer in fitted.values()]))
