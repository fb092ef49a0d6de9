"""From encodings to scores, and the dials that turn without retraining.

A dial is built once from the train part and the item features, and its scores are added to those of the model, be it a
trained GNN or a closed form.
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

Dial = Callable[[Interactions, Tensor | None], Scorer]
"""``(train, features [I, D] or None) -> scores to add``; its ``candidates`` [I] bool are the items that it knows by
itself, None: it knows none that the model does not."""

Aggregation = Callable[[Encoded, Interactions], Encoded]
"""Encoding and train part -> encoding: what is done once to a trained model before it ranks."""


@dataclass(frozen=True)
class Fit:
    """Which multiple of the dials' weights is the best on the validation part: each of ``factors`` is tried once."""

    factors: Annotated[Sequence[float], MinLen(1)]
    metric: str


class Scoring:
    """``s(u, i) = <u, i> |i|^(p - 1)`` of the aggregated states, plus the dials.

    ``norm_power`` p = 1 is the inner product, 0 the cosine as far as ranking goes (the user's norm changes no ranking);
    values between are a dial on popularity, since norms tend to grow with it. ``aggregation`` changes the states first;
    None: leaves them. ``fit`` chooses the dials' strength on the validation part; None: as given.
    """

    def __init__(
        self, norm_power: float, dials: Mapping[str, Dial], aggregation: Aggregation | None, fit: Fit | None
    ) -> None:
        self.norm_power, self.dials = norm_power, {name: dial for name, dial in dials.items() if dial is not None}
        self.aggregation, self.tuning = aggregation, fit
        if fit is not None and not self.dials:
            raise UserError("score.fit chooses the weight of dials, but score.dials is empty. Set score=content.")

    def fit(self, train: Interactions, features: Tensor | None) -> ScoreFunction:
        """Build each dial from the train part and the item features [I, D]."""
        return ScoreFunction(self, train, [as_scorer(dial(train, features)) for dial in self.dials.values()])


class ScoreFunction:
    """Scores of an encoding, or of any scorer, with the dials added; ``factor`` multiplies their weights."""

    def __init__(self, scoring: Scoring, train: Interactions, dials: list[Scorer]) -> None:
        self.scoring, self.train, self.dials, self.factor = scoring, train, dials, 1.0

    def of(self, encoded: Encoded) -> Scorer:
        """Scorer of an encoding, without the dials; the item table is scaled once.

        Candidates are the items that the model knows (``Encoded.known``).
        """
        if self.scoring.aggregation is not None:
            encoded = self.scoring.aggregation(encoded, self.train)
        items = encoded.items
        if self.scoring.norm_power != 1.0:
            items = items * items.norm(dim=1, keepdim=True).clamp_min(1e-12) ** (self.scoring.norm_power - 1.0)
        return mask_items(InnerProduct(encoded.users, items.T.contiguous()), encoded.known)

    def over(self, base: Scorer, judge: PartEvaluator | None = None, device: str | torch.device = "cpu") -> Scorer:
        """``base`` plus the dials; with a judge and ``score.fit``, at the strength that validation prefers.

        ``device``: where ``base`` wants its users.

        An item is a candidate if ``base`` or one of the dials knows it.
        """
        if judge is not None and (tuning := self.scoring.tuning) is not None:
            values = {
                factor: judge(self._total(base, factor), device=device, monitor=tuning.metric).values[tuning.metric]
                for factor in tuning.factors
            }
            best = min if judge.smaller(tuning.metric) else max
            self.factor = best(values, key=lambda factor: values[factor])
            tried = ", ".join(f"{factor:g}: {value:.4f}" for factor, value in values.items())
            log.info("score: %g x the weight of the dials, by val/%s (%s)", self.factor, tuning.metric, tried)
        return self._total(base, self.factor)

    def _total(self, base: Scorer, factor: float) -> Scorer:
        if not self.dials or factor == 0:
            return base
        parts = [(1.0, base.unmasked()), *((factor, dial) for dial in self.dials)]
        known = [dial.candidates for dial in self.dials if dial.candidates is not None]
        return mask_items(WeightedSum(parts), any_candidates([base.candidates, *known]))
