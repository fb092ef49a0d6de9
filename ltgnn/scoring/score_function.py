"""From encodings to scores, and post-hoc score adjustments that need no retraining.

An adjustment is built once from the train part and the item features, and its scores are added to those of the model,
be it a trained GNN or a closed form.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

import torch
from annotated_types import MinLen
from torch import Tensor

from ltgnn.scoring.masked import any_candidates, mask_items
from ltgnn.scoring.scorers import InnerProduct, WeightedSum
from ltgnn.types import Encoded, Interactions, PartEvaluator, Scorer, UserError, as_scorer

log = logging.getLogger(__name__)

Adjustment = Callable[[Interactions, Tensor | None], Scorer]
"""``(train, features [I, D] or None) -> scores to add``; its ``candidates`` [I] bool are the items that it knows by
itself, None: it knows none that the model does not."""

Aggregation = Callable[[Encoded, Interactions], Encoded]
"""Encoding and train part -> encoding: what is done once to a trained model before it ranks."""


@dataclass(frozen=True)
class Fit:
    """Grid search over ``factors`` on the adjustments' weights, by ``metric`` on the validation part."""

    factors: Annotated[Sequence[float], MinLen(1)]
    metric: str


class Scoring:
    """``s(u, i) = <u, i> |i|^(p - 1)`` of the aggregated states, plus the score adjustments.

    ``norm_power`` p = 1 is the inner product, 0 ranks as the cosine (the user's norm does not change the ranking);
    values between control popularity bias, since norms tend to grow with popularity. ``aggregation`` changes the states
    first (None: unchanged). ``fit`` scales the adjustments by validation (None: weights as given).
    """

    def __init__(
        self, norm_power: float, adjustments: Mapping[str, Adjustment], aggregation: Aggregation | None, fit: Fit | None
    ) -> None:
        self.norm_power = norm_power
        self.adjustments = {name: adjustment for name, adjustment in adjustments.items() if adjustment is not None}
        self.aggregation, self.tuning = aggregation, fit
        if fit is not None and not self.adjustments:
            raise UserError("score.fit needs score adjustments, but score.adjustments is empty. Set score=content.")

    def fit(self, train: Interactions, features: Tensor | None) -> ScoreFunction:
        """Build each adjustment from the train part and the item features [I, D]."""
        return ScoreFunction(self, train, [as_scorer(build(train, features)) for build in self.adjustments.values()])


class ScoreFunction:
    """Scores of an encoding, or of any scorer, with the adjustments added; ``factor`` multiplies their weights."""

    def __init__(self, scoring: Scoring, train: Interactions, adjustments: list[Scorer]) -> None:
        self.scoring, self.train, self.adjustments, self.factor = scoring, train, adjustments, 1.0

    def of(self, encoded: Encoded) -> Scorer:
        """Scorer of an encoding, without the adjustments; the item table is scaled once.

        Candidates are the items that the model knows (``Encoded.known``).
        """
        if self.scoring.aggregation is not None:
            encoded = self.scoring.aggregation(encoded, self.train)
        items = encoded.items
        if self.scoring.norm_power != 1.0:
            items = items * items.norm(dim=1, keepdim=True).clamp_min(1e-12) ** (self.scoring.norm_power - 1.0)
        return mask_items(InnerProduct(encoded.users, items.T.contiguous()), encoded.known)

    def over(self, base: Scorer, evaluate: PartEvaluator | None = None, device: str | torch.device = "cpu") -> Scorer:
        """``base`` plus the adjustments; with ``evaluate`` and ``score.fit``, scaled by the factor best on validation.

        ``device``: where ``base`` expects its users.

        An item is a candidate if ``base`` or one of the adjustments knows it.
        """
        if evaluate is not None and (tuning := self.scoring.tuning) is not None:
            values = {
                factor: evaluate(self._total(base, factor), device=device, monitor=tuning.metric).values[tuning.metric]
                for factor in tuning.factors
            }
            best = min if evaluate.smaller(tuning.metric) else max
            self.factor = best(values, key=lambda factor: values[factor])
            tried = ", ".join(f"{factor:g}: {value:.4f}" for factor, value in values.items())
            log.info("score: %g x the weights of the adjustments, by val/%s (%s)", self.factor, tuning.metric, tried)
        return self._total(base, self.factor)

    def _total(self, base: Scorer, factor: float) -> Scorer:
        if not self.adjustments or factor == 0:
            return base
        parts = [(1.0, base.unmasked()), *((factor, adjustment) for adjustment in self.adjustments)]
        known = [one.candidates for one in self.adjustments if one.candidates is not None]
        return mask_items(WeightedSum(parts), any_candidates([base.candidates, *known]))
